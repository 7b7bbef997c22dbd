"""The row in which far more is asked for than can be done.

An open loop: requests are sent when they are due, however the ones before them fare.
"""

import http.client
import itertools
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson

from tests.chaos.evidence import Holdings
from tests.chaos.load import Taken
from tests.chaos.senders import Http
from tests.chaos.stage import Stage
from worker.keys import PREDICTIONS, lane_key

#: The load, as a multiple of what the workers can do, and what it must have been.
_TIMES, _AT_LEAST_TIMES = 10, 9
#: Seconds after which a price is of no use, in turn: the shorter is hardly more than a
#: whole batch takes.
_DEADLINES_S = (5.0, 3.0)
_TENANT = "zenith"
_THREADS = 48
_TIMEOUT_S = 10.0
_ACCEPTED, _REFUSED = {200, 201, 202}, {429, 503}
#: Share of the accepted jobs that must meet their deadline.
_IN_TIME = 0.99
#: Bytes of Redis: for each accepted job, and beside.
_JOB_BYTES, _SPARE_BYTES = 10_000, 4_000_000


@dataclass(slots=True)
class Flood:
    """What became of the requests."""

    sent: int = 0
    took_s: float = 0.0
    taken: list[Taken] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    #: Refusals that do not say when to come back, and answers that never came.
    wrong: list[str] = field(default_factory=list)
    #: Bytes of Redis, before and after.
    memory: tuple[int, int] = (0, 0)

    def note(
        self,
        answer: http.client.HTTPResponse,
        body: Any,
        output: bytes,
        deadline_s: float,
    ) -> None:
        """Take note of an answer."""
        self.statuses[answer.status] += 1
        if answer.status in _ACCEPTED:
            self.taken.append(Taken(body["id"], _TENANT, output, deadline_s))
        elif answer.status not in _REFUSED or not answer.headers.get("Retry-After"):
            self.wrong.append(f"{answer.status} {body.get('detail')}")


def overload(stage: Stage) -> None:
    """Ask for ten times what can be done, before it is known how much that is."""
    plan = stage.site.plan
    can_per_s = plan.workers * 1000 / plan.house_ms
    server: Any = stage.site.client()
    # As in the first second of an installation, whatever has been priced until now.
    server.delete(*(lane_key(kind, PREDICTIONS) for kind in ("capacity", "samples")))
    before = server.info("memory")["used_memory"]
    flood = _flooded(stage, per_s=_TIMES * can_per_s)
    flood.memory = before, server.info("memory")["used_memory"]
    server.close()
    stage.load.taken += flood.taken
    ends = [str(end.name) for end in stage.site.fleet.ends]
    statuses = ", ".join(f"{n} x {code}" for code, n in flood.statuses.most_common())
    stage.notes.append(
        f"{flood.sent / flood.took_s:.0f} requests/s for {can_per_s:.0f} that can be "
        f"done: {statuses}"
    )
    stage.checks.append(lambda held: wrongs(flood, held, can_per_s, ends))


def wrongs(
    flood: Flood, held: Holdings, can_per_s: float, ends: Sequence[str]
) -> Iterator[str]:
    """Tell what must not be, of what became of a flood.

    Args:
        flood: What clients saw.
        held: What the server holds.
        can_per_s: Jobs a second that the workers can do.
        ends: Names of the processes that ended.
    """
    if flood.sent < _AT_LEAST_TIMES * can_per_s * flood.took_s:
        yield f"{flood.sent} requests in {flood.took_s:.0f} s are no overload"
    if not flood.statuses.keys() & _REFUSED:
        yield "nothing was refused"
    in_time = sum(_is_priced(held, one) for one in flood.taken)
    if not flood.taken or in_time < _IN_TIME * len(flood.taken):
        yield f"{in_time} of {len(flood.taken)} accepted jobs met their deadline"
    if flood.wrong:
        yield f"{len(flood.wrong)} answers are neither, such as {flood.wrong[0]}"
    if ends:
        yield f"processes ended: {', '.join(ends)}"
    grown = flood.memory[1] - flood.memory[0]
    if grown > _SPARE_BYTES + _JOB_BYTES * len(flood.taken):
        yield f"Redis grew by {grown} bytes for {len(flood.taken)} accepted jobs"


def _is_priced(held: Holdings, one: Taken) -> bool:
    record = held.records.get(one.id)
    return record is not None and record.state == "succeeded"


def _flooded(stage: Stage, *, per_s: float) -> Flood:
    flood, seconds = Flood(), stage.times
    token = Http.to(stage.site, _TENANT).token
    houses = [stage.load.houses.draw(stage.rng) for _ in range(100)]
    numbers, began = itertools.count(), time.monotonic()
    rng, lock = Random(stage.rng.random()), threading.Lock()

    def send_all() -> None:
        link = http.client.HTTPConnection(
            "127.0.0.1", stage.site.api_port, timeout=_TIMEOUT_S
        )
        while (due := began + next(numbers) / per_s) < began + seconds:
            time.sleep(max(0.0, due - time.monotonic()))
            if time.monotonic() > began + seconds:
                break
            with lock:
                flood.sent += 1
                house, key = rng.choice(houses), str(uuid.uuid4())
                deadline_s = _DEADLINES_S[flood.sent % len(_DEADLINES_S)]
            body = {"input": orjson.Fragment(house.input), "deadline": deadline_s}
            headers = {
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "Idempotency-Key": key,
            }
            try:
                link.request("POST", "/v1/predictions", orjson.dumps(body), headers)
                answer = link.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException) as error:
                with lock:
                    flood.wrong.append(repr(error))
                link.close()
                continue
            with lock:
                flood.note(answer, orjson.loads(text), house.output, deadline_s)
        link.close()

    threads = [threading.Thread(target=send_all) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    flood.took_s = time.monotonic() - began
    return flood
