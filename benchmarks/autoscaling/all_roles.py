"""Every role of an installation: what requests and deliveries cost, and their size."""

import asyncio
import itertools
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import houses, load, proctree, stacks
from benchmarks.autoscaling.receivers import Receivers
from benchmarks.autoscaling.spent import least, spent_by
from benchmarks.comparison import CLIENTS
from benchmarks.http_client import Connection
from benchmarks.load import Target
from benchmarks.stacks import Installation
from model_store.store import ModelStore
from worker import keys, pauses
from worker.connection import connect
from worker.webhooks.sealing import new_key

#: Deliveries made, and receivers that they go to.
_DELIVERIES, _RECEIVERS = 3000, 200
#: Jobs of the load, and polls of one job that has ended.
_LOADED, _POLLS = 5000, 5000
#: What Redis counts of bytes that it takes and gives.
_THROUGH = ("total_net_input_bytes", "total_net_output_bytes")
#: Seconds until Flower has asked the workers what they are.
_FLOWER_SETTLES_S = 6.0


def measured(folder: Path, store: ModelStore) -> dict[str, Any]:
    """Return what requests and deliveries cost, and how large processes are."""
    drawn = houses.draw()
    changes: dict[str, Any] = {
        "secret_keys": (new_key(),),
        "webhook_development": True,
    }
    with ExitStack() as at_end:
        home = at_end.enter_context(
            stacks.installation(folder / "roles", store, **changes)
        )
        told = at_end.enter_context(Receivers(_RECEIVERS))
        for spec in home.stack.prediction_workers():
            home.programs.start(spec)
        for spec in (home.stack.api(), home.stack.webhooks_worker()):
            home.programs.start(spec)
        home.start_upkeep()
        target = stacks.target_of(home)
        stacks.await_workers(home, stacks.PROCESSES)
        return {
            "loaded": least(lambda: _loaded(home, target, drawn)),
            "polls": least(lambda: _polls(home, target, drawn)),
            "deliveries": least(lambda: _deliveries(home, store, drawn, told)),
            "memory_mb": _with_flower(home),
        }


def _loaded(
    home: Installation, target: Target, drawn: list[dict[str, Any]]
) -> dict[str, float]:
    """Let clients submit and poll; return the costs and the bytes of a job."""
    client: Any = connect(home.settings.redis_url, role="worker")
    before = client.info("stats")
    with spent_by(home) as spent:
        outcome = load.run(target, drawn, jobs=_LOADED, clients=CLIENTS)
    after = client.info("stats")
    worker_s = sum(spent[f"predictions-{n + 1}"] for n in range(stacks.PROCESSES))
    through = sum(after[name] - before[name] for name in _THROUGH)
    return {
        "polls_per_job": outcome.polls / outcome.jobs,
        "api_us": 1e6 * spent["api"] / outcome.jobs,
        "worker_us": 1e6 * worker_s / outcome.jobs,
        "redis_us": 1e6 * spent["redis"] / outcome.jobs,
        "redis_bytes": through / outcome.jobs,
        "submit_bytes": len(target.body_of(drawn[0])),
    }


def _polls(
    home: Installation, target: Target, drawn: list[dict[str, Any]]
) -> dict[str, float]:
    """Ask for a finished job again and again; return what one such poll costs."""
    outcome = load.run(target, drawn, jobs=1, clients=1)
    with spent_by(home) as spent:
        answer = asyncio.run(_ask(target, outcome.last_path))
    return {
        "answer_bytes": len(answer),
        "api_us": 1e6 * spent["api"] / _POLLS,
        "redis_us": 1e6 * spent["redis"] / _POLLS,
    }


async def _ask(target: Target, path: str) -> bytes:
    async with Connection(target.host, target.port) as connection:
        for _ in range(_POLLS):
            _, answer = await connection.request("GET", path, target.headers)
    return answer


def _deliveries(
    home: Installation, store: ModelStore, drawn: list[dict[str, Any]], told: Receivers
) -> dict[str, float]:
    """Price houses whose ends are to be told, then let them be told."""
    client: Any = connect(home.settings.redis_url, role="worker")
    queue = home.queue()
    pauses.begin(client, keys.WEBHOOKS)
    until = told.received + _DELIVERIES
    jobs = houses.submissions(store.card(store.resolve("champion")), drawn)
    for url in itertools.islice(itertools.cycle(told.urls), _DELIVERIES):
        queue.submit(replace(next(jobs), webhook=url))
    waiting, running = (
        keys.lane_key(kind, keys.PREDICTIONS) for kind in ("waiting", "running")
    )
    home.programs.wait(
        "prices", lambda: not client.zcard(waiting) and not client.zcard(running)
    )
    with spent_by(home) as spent:
        pauses.end(client, keys.WEBHOOKS)
        home.programs.wait("deliveries", lambda: told.received >= until)
    return {
        "deliveries": _DELIVERIES,
        "worker_us": 1e6 * spent["webhooks"] / _DELIVERIES,
        "redis_us": 1e6 * spent["redis"] / _DELIVERIES,
        "per_s": _DELIVERIES / spent["clock"],
    }


def _with_flower(home: Installation) -> dict[str, float]:
    """Return the resident megabytes of each program's processes."""
    home.programs.start(home.stack.flower())
    time.sleep(_FLOWER_SETTLES_S)
    processes = proctree.snapshot()
    return {
        name: sum(_resident_mb(one) for one in proctree.members(processes, pid))
        for name, pid in home.programs.pids().items()
    }


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmRSS"))
    return int(kilobytes) / 1000
