"""The row in which everything happens, in any order and close together."""

import itertools
import time
from collections import Counter, deque
from collections.abc import Iterator
from signal import Signals

from tests.chaos import redis_rows, workers_rows
from tests.chaos.stage import Stage
from tests.patience import NotInTime, wait_until

_LONGEST_PAUSE_S = 2.5
#: Faults that may find nobody and are tried again later.
_MISSES = 3


def storm(stage: Stage) -> None:
    """Let one fault follow the other, each soon after the last."""
    faults = {
        "kills": workers_rows.kill_one,
        "stops": _stop,
        "restarts": redis_rows.restart,
        "freezes": lambda stage: redis_rows.freeze(stage, stage.rng.uniform(0.5, 4)),
        "deletions": redis_rows.delete,
        "upkeep kills": _kill_upkeep,
    }
    names = [*itertools.islice(itertools.cycle(faults), stage.times)]
    stage.rng.shuffle(names)
    planned, done, to_do, misses = Counter(names), Counter[str](), deque(names), 0
    while to_do and misses <= _MISSES:
        name = to_do.popleft()
        time.sleep(stage.rng.uniform(0, _LONGEST_PAUSE_S))
        wait_until(stage.site.answers, "an answer of the server")
        try:
            faults[name](stage)
        except NotInTime:
            # All workers may be starting: then there is nobody to catch.
            misses += 1
            to_do.append(name)
        else:
            done[name] += 1
    stage.notes.append(", ".join(f"{count} {name}" for name, count in done.items()))
    stage.checks.append(lambda _: not_done(planned, done))


def not_done(planned: Counter[str], done: Counter[str]) -> Iterator[str]:
    """Tell which faults did not happen: what outlives none of them proves nothing."""
    for name, count in (planned - done).items():
        yield f"{count} of {planned[name]} {name} of the storm did not happen"


def _stop(stage: Stage) -> None:
    name, hit = workers_rows.catch_busy(stage)
    stage.site.fleet.signal(name, Signals.SIGTERM)
    stage.site.fleet.signal(name, Signals.SIGCONT)
    stage.fault(hit)


def _kill_upkeep(stage: Stage) -> None:
    fleet = stage.site.fleet
    hit = [fleet.signal(name, Signals.SIGKILL) for name in ("upkeep", "beat")]
    if not any(hit):
        raise NotInTime("neither upkeep nor beat was up")
