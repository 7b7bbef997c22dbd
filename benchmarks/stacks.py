"""The two stacks of the comparison, each on an embedded Valkey of its own."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Any

import orjson

from api.launcher.stack import Stack
from api.launcher.statefolder import StateFolder
from api.settings import ApiSettings, child_environment
from benchmarks.load import Target
from benchmarks.programs import ROOT, Programs
from benchmarks.tutorial.settings import REDIS_URL
from model_store.settings import ModelSettings
from model_store.store import ModelStore
from worker import redis_acl
from worker.celery import create_celery
from worker.connection import connect
from worker.credentials import ApiKeys
from worker.keys import PREDICTIONS
from worker.lanes import Lanes
from worker.ledger import Ledger
from worker.limits import RateLimit
from worker.queue import Queue
from worker.supervision import embedded, ports
from worker.supervision.child import ChildSpec
from worker.supervision.embedded import EmbeddedRedis

#: Whose houses are priced.
TENANT = "benchmark"
#: Worker processes that price, and web processes, of each stack.
PROCESSES = 2
#: Seconds until Flower has asked the workers what they are and switched events on.
_FLOWER_SETTLES_S = 6.0
#: Seconds that workers have to tell their batches.
_INSPECT_S = 1.0
#: Room for 100,000 waiting jobs and what is left of the finished ones.
MAXMEMORY = "2gb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A stack that serves."""

    programs: Programs
    target: Target
    flower: ChildSpec
    flower_port: int
    #: Returns how many batches its workers have priced so far; 0 where there are none.
    batches: Callable[[], int] = int

    def start_flower(self) -> None:
        """Start Flower beside it, and wait until it sees the workers."""
        self.programs.start(self.flower)
        self.programs.wait("Flower", lambda: not ports.is_free(self.flower_port))
        time.sleep(_FLOWER_SETTLES_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A Kerbside whose Redis serves and whose other programs may be started."""

    programs: Programs
    settings: ApiSettings
    stack: Stack

    def start_upkeep(self) -> None:
        """Start what tends the ledger, and wait until it does so.

        Workers would stand in for it, and its start is no part of what is measured.
        """
        self.programs.start(self.stack.upkeep_worker())
        self.programs.start(self.stack.beat())
        book = Ledger(connect(self.settings.redis_url, role="worker"), self.settings)
        self.programs.wait("upkeep", book.is_tended)

    def queue(self) -> Queue:
        """Return a front desk of its queue."""
        return Queue(connect(self.settings.redis_url, role="worker"), self.settings)


@contextmanager
def installation(
    folder: Path,
    store: ModelStore,
    *,
    predictors: int = PROCESSES,
    batch_max: int | None = None,
    **changes: Any,
) -> Iterator[Installation]:
    """Run the Redis of a Kerbside; the block starts what else it needs.

    Args:
        folder: Where it keeps its state.
        store: Where its models are.
        predictors: Number of prediction workers.
        batch_max: Houses in a batch at most; as shipped when None.
        changes: Further settings that are not as shipped.
    """
    state = StateFolder.prepare(folder)
    with ExitStack() as at_end:
        lock = at_end.enter_context(state.locked())
        server = at_end.enter_context(
            closing(
                embedded.prepare(
                    state.redis,
                    # As shipped, and one user for the benchmark itself.
                    rules={**redis_acl.rules(), **embedded.ONE_FOR_ALL},
                    maxmemory=MAXMEMORY,
                )
            )
        )
        port = ports.find_free()
        settings = _settings(
            store,
            redis_url=server.url,
            state_dir=state.path,
            public_url=f"http://{ports.LOOPBACK}:{port}",
            batch_max=batch_max or ApiSettings().batch_max,
            **changes,
        )
        stack = Stack(
            state=state,
            environment=kerbside_environment(settings),
            redis_url_of=server.url_of,
            lock=lock,
            port=port,
            flower_port=ports.find_free(),
            flower_password="benchmark",  # noqa: S106 -- of a server that lives for minutes
            predictors=predictors,
            drain_s=settings.drain_s,
            waiters=settings.waiters,
            secret_keys=settings.secret_keys,
            archive_url=settings.archive_url or "",
        )
        programs = at_end.enter_context(Programs())
        programs.start(stack.redis(server))
        programs.wait("Valkey", server.answers)
        yield Installation(programs=programs, settings=settings, stack=stack)


def _settings(store: ModelStore, **changes: Any) -> ApiSettings:
    where = named(store)
    return ApiSettings(
        store_url=where.store_url,
        trusted_keys=where.trusted_keys,
        # High and not off: deep queues are made on purpose, but what it costs to weigh
        # a submit is measured with it.
        rate_limit=RateLimit(100_000, 1),
        max_wait_s=86_400,
        **changes,
    )


@contextmanager
def kerbside(folder: Path, store: ModelStore) -> Iterator[Running]:
    """Run Kerbside as `kerbside up` does: the same commands, without Flower."""
    with installation(folder, store) as home:
        for spec in home.stack.prediction_workers():
            home.programs.start(spec)
        home.programs.start(home.stack.api())
        home.start_upkeep()
        await_workers(home, PROCESSES)
        yield Running(
            programs=home.programs,
            target=target_of(home),
            flower=home.stack.flower(),
            flower_port=home.stack.flower_port,
            batches=_batches_of(home.settings),
        )


def target_of(home: Installation) -> Target:
    """Return how to talk to the API of an installation, once it serves."""
    home.programs.wait("API", lambda: not ports.is_free(home.stack.port))
    return Target(
        name="Kerbside",
        host=ports.LOOPBACK,
        port=home.stack.port,
        path="/v1/predictions",
        body_of=lambda house: orjson.dumps({"input": house}),
        headers={"Authorization": f"Bearer {new_key(home)}"},
        sends_idempotency_key=True,
    )


def new_key(home: Installation) -> str:
    """Return a key by which the benchmark is known to the API."""
    token, _ = ApiKeys(connect(home.settings.redis_url, role="worker")).create(
        tenant=TENANT, scopes=["predict", "read"]
    )
    return token


@contextmanager
def tutorial(folder: Path, store: ModelStore) -> Iterator[Running]:
    """Run the tutorial's stack on the champion of a store."""
    with ExitStack() as at_end:
        server = at_end.enter_context(
            closing(embedded.prepare(folder / "redis", maxmemory=MAXMEMORY))
        )
        programs = at_end.enter_context(Programs())
        port = ports.find_free()
        flower_port = ports.find_free()
        specs = tutorial_programs(folder, server, store, port, flower_port)
        programs.start(specs["redis"])
        programs.wait("Valkey", server.answers)
        programs.start(specs["worker"])
        programs.start(specs["api"])
        programs.wait("gunicorn", lambda: not ports.is_free(port))
        target = Target(
            name="tutorial",
            host=ports.LOOPBACK,
            port=port,
            path="/predictions",
            succeeded="SUCCESS",
            failed=frozenset({"FAILURE", "REVOKED"}),
        )
        yield Running(
            programs=programs,
            target=target,
            flower=specs["flower"],
            flower_port=flower_port,
        )


def tutorial_programs(
    folder: Path, server: EmbeddedRedis, store: ModelStore, port: int, flower_port: int
) -> dict[str, ChildSpec]:
    """Return the tutorial's programs by name."""
    variables = named(store).to_environ() | {REDIS_URL: server.url}
    environment = child_environment(OMP_NUM_THREADS="1", **variables)
    commands = {
        "redis": server.command,
        "api": (
            *(sys.executable, "-m", "gunicorn", "benchmarks.tutorial.web:app"),
            *(f"--workers={PROCESSES}", "--worker-class=sync"),
            f"--bind={ports.LOOPBACK}:{port}",
        ),
        "worker": (
            *(sys.executable, "-m", "celery", "-A", "benchmarks.tutorial.tasks"),
            *("worker", "--pool=prefork", f"--concurrency={PROCESSES}"),
            "--loglevel=WARNING",
        ),
        "flower": (
            *(sys.executable, "-m", "celery", "-A", "benchmarks.tutorial.tasks"),
            *("flower", f"--address={ports.LOOPBACK}", f"--port={flower_port}"),
        ),
    }
    return {
        name: ChildSpec(
            name=name,
            command=command,
            environment=environment,
            folder=ROOT,
            log=folder / f"{name}.log",
            # Both end processes of their own.
            orphan_signal=Signals.SIGTERM,
            inherit=(server.lock,) if name == "redis" else (),
        )
        for name, command in commands.items()
    }


def _batches_of(settings: ApiSettings) -> Callable[[], int]:
    """Return what asks the workers how many batches they have priced."""
    app = create_celery(settings)

    def batches() -> int:
        inspect: Any = app.control.inspect(timeout=_INSPECT_S)
        answers = inspect.stats() or {}
        steps = [answer.get("batch_consumer", {}) for answer in answers.values()]
        return sum(step.get("batches", 0) for step in steps)

    return batches


def await_workers(home: Installation, count: int, lane: str = PREDICTIONS) -> None:
    """Wait until workers ask for jobs; those that price ask once a model is loaded."""
    lanes = Lanes(connect(home.settings.redis_url, role="worker"))
    home.programs.wait(
        f"{count} workers of lane {lane}",
        lambda: lanes.scaler()["queues"][lane]["workers"] >= count,
    )


def named(store: ModelStore) -> ModelSettings:
    """Return settings by which another process finds a store, and trusts it."""
    is_folder = "://" not in store.url
    url = str(Path(store.url).absolute()) if is_folder else store.url
    return ModelSettings(store_url=url, trusted_keys=store.trust.public_keys())


def kerbside_environment(settings: ApiSettings) -> dict[str, str]:
    """Return the environment in which `kerbside up` starts its programs.

    Every setting is in it: those of the user's shell are not for a benchmark.
    """
    ours = settings.to_environ()
    return child_environment(OMP_NUM_THREADS="1", PYTHONUNBUFFERED="1", **ours)
