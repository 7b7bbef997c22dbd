"""Rows around webhooks: receivers that are away or bad, deliverers that die."""

import time
from collections import defaultdict
from collections.abc import Iterator
from signal import Signals
from typing import Any

from tests.chaos import redis_rows
from tests.chaos.evidence import Holdings
from tests.chaos.receivers import Receivers
from tests.chaos.stage import Stage
from tests.patience import NotInTime, wait_until
from worker.keys import WEBHOOKS

DELIVERER = "webhooks"
#: Seconds for the last deliveries once the receivers are well: longer than the lease
#: of a worker that was killed.
_DRAIN_S = 60.0
#: Seconds in which an event reaches a healthy receiver, 95 times in a hundred.
_HEALTHY_P95_S = 2.0


def receiver_down(stage: Stage) -> None:
    """Let all receivers refuse for some seconds while events go on."""
    receivers = _receivers(stage)
    receivers.is_down = True
    time.sleep(stage.times)
    receivers.is_down = False
    stage.notes.append(f"{receivers.refused} attempts refused")
    if not receivers.refused:
        stage.checks.append(lambda _: ["no attempt met a receiver that was down"])
    _judge(stage)


def kill_deliverers(stage: Stage) -> None:
    """Kill -9 the worker that delivers, with deliveries in hand, and Redis too."""
    for _ in range(stage.times):
        in_hand = _catch_delivering(stage)
        stage.site.fleet.signal(DELIVERER, Signals.SIGKILL)
        stage.notes.append(f"{in_hand} in hand")
        time.sleep(1)
        redis_rows.restart(stage)
        time.sleep(1)
    _judge(stage)


def bad_receivers(stage: Stage) -> None:
    """Let half of the receivers hang, drip, flood, redirect or reset."""
    receivers = _receivers(stage)
    wanted = len(receivers.events) + stage.times
    wait_until(lambda: len(receivers.events) >= wanted, "events", timeout_s=120)
    took = sorted(event.took_s for event in receivers.events)
    p95 = took[int(len(took) * 0.95)]
    stage.notes.append(f"healthy receivers: p95 {p95:.2f} s of {len(took)} events")
    stage.checks.append(lambda _: _in_time(p95))
    stage.checks.append(lambda _: _faults(receivers))


def _judge(stage: Stage) -> None:
    """Once nothing is submitted any more: every end was told, under one id."""
    stage.at_rest.append(lambda: _await_deliveries(stage))
    stage.checks.append(lambda held: _told_once(_receivers(stage), held))
    stage.checks.append(lambda _: _faults(_receivers(stage)))


def _await_deliveries(stage: Stage) -> None:
    server: Any = stage.site.client()

    def is_done() -> bool:
        counts = server.mget(f"kerbside:number:{WEBHOOKS}", f"kerbside:done:{WEBHOOKS}")
        return len(set(counts)) == 1

    wait_until(is_done, "the last delivery", timeout_s=_DRAIN_S)


def _catch_delivering(stage: Stage) -> int:
    """Halt the worker while it has deliveries in hand; return how many."""
    server: Any = stage.site.client()
    give_up_at = time.monotonic() + 20
    while time.monotonic() < give_up_at:
        if server.zcard(f"kerbside:running:{WEBHOOKS}"):
            stage.site.fleet.signal(DELIVERER, Signals.SIGSTOP)
            if held := server.zcard(f"kerbside:running:{WEBHOOKS}"):
                return int(held)
            stage.site.fleet.signal(DELIVERER, Signals.SIGCONT)
    raise NotInTime("no delivery was under way within 20 s")


def _receivers(stage: Stage) -> Receivers:
    if stage.site.receivers is None:
        raise TypeError("this row needs a site with receivers")
    return stage.site.receivers


def _told_once(receivers: Receivers, held: Holdings) -> Iterator[str]:
    ids, digests = defaultdict(set), defaultdict(set)
    for event in receivers.events:
        ids[event.job].add(event.id)
        digests[event.id].add(event.digest)
    untold = held.records.keys() - ids.keys()
    if untold:
        yield f"{len(untold)} ends were told to nobody, such as {min(untold)}"
    doubled = [job for job, events in ids.items() if len(events) > 1]
    if doubled:
        yield f"{len(doubled)} ends were told under several ids, such as {doubled[0]}"
    changed = [event for event, seen in digests.items() if len(seen) > 1]
    if changed:
        yield f"{len(changed)} events came with different bytes, such as {changed[0]}"


def _in_time(p95: float) -> Iterator[str]:
    if p95 > _HEALTHY_P95_S:
        yield f"events reached healthy receivers within {p95:.2f} s only, 95 in 100"


def _faults(receivers: Receivers) -> Iterator[str]:
    for fault in receivers.faults[:3]:
        yield f"a receiver was wronged: {fault}"
