"""Whether somebody works: workers, upkeep, and how much waits for them."""

from collections.abc import Iterator
from typing import Any

from api.commands.checkup.finding import Finding, Status, Target
from worker.dead_letters import DeadLetters
from worker.keys import BATCHES, PREDICTIONS, WEBHOOKS
from worker.lanes import Lanes
from worker.ledger import Ledger

#: Seconds that the next job may have waited before more workers are advised.
_LONG_S = 60.0


def check(target: Target) -> Iterator[Finding]:
    """Look at each lane and at who tends it."""
    with target.redis() as client:
        lanes = Lanes(client).queues()["queues"]
        for lane, figures in lanes.items():
            yield _workers(lane, figures)
            yield (
                _paused(lane, figures) if figures["paused"] else _backlog(lane, figures)
            )
            yield _dead(lane, DeadLetters(client, target.settings, lane=lane).count())
        yield _upkeep(tended=Ledger(client, target.settings).is_tended())


def _workers(lane: str, figures: dict[str, Any]) -> Finding:
    check = f"workers {lane}"
    if figures["workers"]:
        return Finding(check=check, found=f"{figures['workers']} seen within 10 s")
    # Where nobody has webhooks or batches nothing is lost.
    spared = lane != PREDICTIONS and not figures["backlog"]
    return Finding(
        check=check,
        status=Status.WARNING if spared else Status.FAILED,
        found="none seen within 10 s",
        expected="at least one that asks for work each second",
        remedy="Start `kerbside up` or a worker of this lane, and look into its log.",
    )


def _paused(lane: str, figures: dict[str, Any]) -> Finding:
    known = {"since": "paused_since", "by": "paused_by", "because of": "paused_reason"}
    told = [f"{word} {figures[name]}" for word, name in known.items() if figures[name]]
    return Finding(
        check=f"lane {lane}",
        status=Status.WARNING,
        found=f"{' '.join(['paused', *told])}: jobs are taken and none is worked on, "
        f"{figures['waiting']:,} wait",
        expected="a lane that is resumed when the reason is gone",
        remedy=f"`kerbside lanes resume {lane}`.",
    )


def _backlog(lane: str, figures: dict[str, Any]) -> Finding:
    age_s = figures["oldest_age_s"]
    found = (
        f"{figures['waiting']:,} wait, {figures['running']:,} run,"
        f" {figures['jobs_per_s']:g} end a second"
    )
    if figures["waiting"]:
        found += f"; the next has waited for {age_s:.1f} s"
    if age_s < _LONG_S:
        return Finding(check=f"lane {lane}", found=found)
    return Finding(
        check=f"lane {lane}",
        status=Status.WARNING,
        found=found,
        expected=f"less than {_LONG_S:g} s",
        remedy="Start more workers, or find out what holds up those that there are.",
    )


#: What is to be done about the dead letters of a lane.
_REMEDIES = {
    PREDICTIONS: "`kerbside dead-letters list --by-cause`, then replay or discard.",
    BATCHES: "Look into the log of their worker; their clients submit the rows again.",
    WEBHOOKS: "`kerbside webhooks recover` for the endpoints that missed them.",
}


def _dead(lane: str, count: int) -> Finding:
    if count == 0:
        return Finding(check=f"dead letters {lane}", found="none")
    return Finding(
        check=f"dead letters {lane}",
        status=Status.WARNING,
        found=f"{count:,} jobs",
        expected="none that nobody has looked at",
        remedy=_REMEDIES[lane],
    )


def _upkeep(*, tended: bool) -> Finding:
    if tended:
        return Finding(check="upkeep", found="every lane is tended")
    return Finding(
        check="upkeep",
        status=Status.FAILED,
        found="not at every lane within 5 s",
        expected="a tick each second, or jobs of dead workers come back late",
        remedy="Start `kerbside up`, or a worker of lane upkeep and beat; look into"
        " their logs.",
    )
