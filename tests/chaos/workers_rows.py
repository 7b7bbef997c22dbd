"""Rows that end workers: killed, told to stop, or by a house that kills its process."""

import functools
import time
from collections.abc import Iterator
from signal import Signals

from tests.chaos.evidence import Holdings
from tests.chaos.fleet import End, Fleet
from tests.chaos.houses import House, MadeUpHouses
from tests.chaos.stage import InHand, Stage
from tests.patience import NotInTime, wait_until
from worker import pauses
from worker.keys import PREDICTIONS

#: Seconds between two kills.
_KILL_EVERY_S = 2.0
#: Seconds within which some worker has to be found busy.
_BUSY_WITHIN_S = 20.0
#: A third kill of one job makes a dead letter, as it is meant to: such a job is spared.
_SPARED_CRASHES = 2
#: Seconds that a stopping worker may take at most, its grace under a supervisor.
_STOP_S = 15.0
_STARTS = 3
#: Houses submitted just before and just after one that kills its process.
_NEIGHBOURS = 10


def kill_busy_workers(stage: Stage) -> None:
    """Kill -9 a worker that holds jobs, again and again."""
    held = []
    for _ in range(stage.times):
        due = time.monotonic() + _KILL_EVERY_S
        held.append(kill_one(stage))
        time.sleep(max(0.0, due - time.monotonic()))
    stage.notes.append(f"{stage.times} kills with {sum(held)} jobs in hand")


def kill_upkeep(stage: Stage) -> None:
    """Kill -9 the upkeep worker, beat and a busy worker at once."""
    for _ in range(stage.times):
        stage.site.fleet.signal("upkeep", Signals.SIGKILL)
        stage.site.fleet.signal("beat", Signals.SIGKILL)
        kill_one(stage)
        time.sleep(4 * _KILL_EVERY_S)


def stop_workers(stage: Stage) -> None:
    """SIGTERM a worker that holds jobs, again and again."""
    fleet = stage.site.fleet
    for _ in range(stage.times):
        wait_until(stage.site.workers_claim, "the restart of a worker")
        before = len(fleet.ends)
        name, hit = catch_busy(stage)
        fleet.signal(name, Signals.SIGTERM)
        fleet.signal(name, Signals.SIGCONT)
        stage.fault(hit)
        wait_until(functools.partial(_has_ended, fleet, name, before), "a stop")
    stops = [end for end in fleet.ends if end.asked]
    slowest = max(end.took_s for end in stops)
    stage.notes.append(f"exits within {slowest:.1f} s")
    stage.checks.append(lambda held: _stopped_in_order(stops, held))


def poison(stage: Stage) -> None:
    """Submit houses that end every process that prices them."""
    houses = stage.load.houses
    if not isinstance(houses, MadeUpHouses):
        raise TypeError("only the stand-in model can be killed by a house")
    serials = []
    for _ in range(stage.times):
        serial, house = houses.killer()
        serials.append(serial)
        job = _among_neighbours(stage, house)
        stage.poison.add(job)
        stage.fault([job])
        time.sleep(stage.rng.uniform(0, 1))
    wait_until(
        lambda: stage.poison <= stage.announcements.counts.keys(), "a dead letter"
    )
    starts = stage.site.starts_file.read_text(encoding="ascii").split()
    counts = [starts.count(str(serial)) for serial in serials]
    stage.notes.append(f"starts {'+'.join(map(str, counts))}")
    stage.checks.append(lambda _: _three_starts(counts))


def _among_neighbours(stage: Stage, house: House) -> str:
    """Submit a house so that it is claimed in one batch with others; return its id."""
    client = stage.site.client()
    pauses.begin(client, PREDICTIONS)
    try:
        stage.load.burst(_NEIGHBOURS)
        job = stage.place(house).id
        stage.load.burst(_NEIGHBOURS)
    finally:
        pauses.end(client, PREDICTIONS)
    return job


def _has_ended(fleet: Fleet, name: str, before: int) -> bool:
    return any(end.name == name for end in fleet.ends[before:])


def kill_one(stage: Stage) -> int:
    """Kill -9 one worker that holds jobs; return how many."""
    name, hit = catch_busy(stage)
    stage.site.fleet.signal(name, Signals.SIGKILL)
    stage.fault(hit)
    return len(hit)


def catch_busy(stage: Stage) -> tuple[str, list[str]]:
    """Halt a worker that holds jobs for certain; return its name and their ids."""
    give_up_at = time.monotonic() + _BUSY_WITHIN_S
    while time.monotonic() < give_up_at:
        pids = sorted({job.pid for job in stage.in_hand()})
        name = stage.site.fleet.name_of(stage.rng.choice(pids)) if pids else None
        if name is None or not stage.site.fleet.signal(name, Signals.SIGSTOP):
            time.sleep(0.005)
            continue
        # It stands still: what it holds now it holds when the fault comes.
        pid = stage.site.fleet.pid(name)
        held = [job for job in stage.in_hand() if job.pid == pid]
        if held and not _spared(held):
            return name, [job.id for job in held]
        stage.site.fleet.signal(name, Signals.SIGCONT)
    raise NotInTime(f"no worker was busy within {_BUSY_WITHIN_S:g} s")


def _spared(held: list[InHand]) -> bool:
    return any(job.crashes >= _SPARED_CRASHES for job in held)


def _stopped_in_order(stops: list[End], held: Holdings) -> Iterator[str]:
    crashed = sum(record.crashes for record in held.records.values())
    if crashed:
        yield f"ordered stops were counted as {crashed} crashes of jobs"
    again = sum(record.attempts > 1 for record in held.records.values())
    if again:
        yield f"{again} jobs ran again though a stop may finish what it has in hand"
    codes = sorted({str(end.code) for end in stops if end.code})
    if codes:
        yield f"workers told to stop ended with codes {', '.join(codes)}"
    slow = [end for end in stops if end.took_s > _STOP_S]
    if slow:
        yield f"{len(slow)} workers took more than {_STOP_S:g} s to stop"


def _three_starts(counts: list[int]) -> Iterator[str]:
    if set(counts) != {_STARTS}:
        yield f"houses that kill were started {counts} times, not {_STARTS} each"
