"""The invariants that every row must leave whole."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.chaos.evidence import Holdings, Record
from tests.chaos.load import Taken

_EXAMPLES = 3
#: Starts that a house has before it is a dead letter.
_STARTS = 3
#: State and detail in which a job may end.
_PRICED = ("succeeded", "")
_DEAD = ("failed", "dead")
_BY_CLIENT = ("canceled", "by_client")
_TOO_LATE = ("canceled", "deadline_exceeded")
_ENDS_OF_CANCELED = (_BY_CLIENT, _TOO_LATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What clients and onlookers know of a row."""

    taken: Sequence[Taken]
    #: Orders that were never acknowledged: each may or may not be a job.
    unknown: frozenset[str] = frozenset()
    #: How often each id was announced as finished.
    announced: Mapping[str, int] = field(default_factory=dict)
    #: Whether announcements may have been missed.
    deaf: bool = False
    #: What polls saw that must not be.
    wrong_polls: Sequence[str] = ()
    #: Jobs that were to be canceled, and whether clients were told that they are.
    cancels: Mapping[str, bool] = field(default_factory=dict)
    #: Jobs that must be dead letters.
    poison: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The figures of a row, and every invariant that it broke."""

    acknowledged: int
    succeeded: int
    failed: int
    canceled: int
    open: int
    lost: int
    duplicates: int
    #: Starts beyond the first of each job.
    reruns: int
    dead: int
    broken: tuple[str, ...]


def judge(statement: Statement, held: Holdings) -> Verdict:
    """Compare what clients know with what the server holds."""
    records = held.records
    taken = {one.id for one in statement.taken}
    states = Counter(records[one].state for one in taken & records.keys())
    missing = taken - records.keys()
    unfinished = [one for one, record in records.items() if not record.has_ended]
    verdict = Verdict(
        acknowledged=len(taken),
        succeeded=states["succeeded"],
        failed=states["failed"],
        canceled=states["canceled"],
        open=len(unfinished),
        lost=len(missing) + len(unfinished),
        duplicates=_duplicates(statement, held),
        reruns=sum(max(0, one.attempts - 1) for one in records.values()),
        dead=len(held.dead),
        broken=tuple(_broken(statement, held)),
    )
    return with_broken(verdict, _unbalanced(verdict))


def with_broken(verdict: Verdict, further: Iterable[str]) -> Verdict:
    """Return a verdict that knows what else was broken."""
    return replace(verdict, broken=(*verdict.broken, *further))


def _duplicates(statement: Statement, held: Holdings) -> int:
    """Count results beyond the first of each job."""
    announced = sum(count - 1 for count in statement.announced.values())
    ended = sum(record.has_ended for record in held.records.values())
    return max(announced, held.done - ended - len(statement.unknown), 0)


def _broken(statement: Statement, held: Holdings) -> Iterator[str]:
    yield from _lost(statement, held)
    yield from _wrong_ends(statement, held)
    yield from _doubled(statement, held)
    yield from _untidy(statement, held)
    for wrong in statement.wrong_polls[:_EXAMPLES]:
        yield f"a poll went backwards: {wrong}"


def _unbalanced(verdict: Verdict) -> Iterator[str]:
    """Check the sum that all of this is for: every job has one end, or is open."""
    known = verdict.succeeded + verdict.failed + verdict.canceled + verdict.open
    if verdict.acknowledged != known:
        yield (
            f"{verdict.acknowledged} acknowledged jobs are not {verdict.succeeded}"
            f" succeeded + {verdict.failed} failed + {verdict.canceled} canceled"
            f" + {verdict.open} open"
        )


def _lost(statement: Statement, held: Holdings) -> Iterator[str]:
    taken = [one.id for one in statement.taken]
    if len(set(taken)) != len(taken):
        yield f"{len(taken) - len(set(taken))} ids were acknowledged to two orders"
    missing = [one for one in taken if one not in held.records]
    if missing:
        yield f"{len(missing)} acknowledged jobs have no record, {_some(missing)}"
    stuck = [one for one, record in held.records.items() if not record.has_ended]
    if stuck:
        states = Counter(held.records[one].state for one in stuck)
        yield f"{len(stuck)} jobs never ended: {dict(states)}, {_some(stuck)}"


def _wrong_ends(statement: Statement, held: Holdings) -> Iterator[str]:
    taken = {one.id: one for one in statement.taken}
    wrong, unexpected = [], []
    for one, record in held.records.items():
        if record.state == "succeeded" and record.output != taken[one].output:
            wrong.append(one)
        if record.has_ended and not _ended_as_it_must(taken[one], record, statement):
            unexpected.append(f"{one} {record.state} {record.detail}")
    if wrong:
        yield f"{len(wrong)} jobs have an output that is not theirs, {_some(wrong)}"
    if unexpected:
        yield f"{len(unexpected)} jobs ended as they must not, {_some(unexpected)}"
    if held.dead != statement.poison:
        yield (
            f"the dead letters are {sorted(held.dead)[:_EXAMPLES]},"
            f" not {sorted(statement.poison)[:_EXAMPLES]}"
        )


def _ended_as_it_must(one: Taken, record: Record, statement: Statement) -> bool:
    end = (record.state, record.detail)
    if one.id in statement.poison:
        return end == _DEAD and record.attempts == _STARTS
    if statement.cancels.get(one.id):
        return end in _ENDS_OF_CANCELED and not record.output
    possible = [_PRICED]
    if one.id in statement.cancels:
        possible.append(_BY_CLIENT)
    if one.deadline_s:
        possible.append(_TOO_LATE)
    return end in possible


def _doubled(statement: Statement, held: Holdings) -> Iterator[str]:
    twice = [one for one, count in statement.announced.items() if count > 1]
    if twice:
        yield f"{len(twice)} jobs were announced more than once, {_some(twice)}"
    ids = {one.id for one in statement.taken}
    strange = statement.announced.keys() - ids - statement.unknown
    if strange:
        yield f"{len(strange)} unknown jobs were announced, {_some(sorted(strange))}"
    silent = ids - statement.announced.keys()
    if silent and not statement.deaf:
        yield f"{len(silent)} jobs were never announced, {_some(sorted(silent))}"
    if held.done != held.numbered:
        yield f"the ledger counts {held.numbered} jobs and {held.done} ends"


def _untidy(statement: Statement, held: Holdings) -> Iterator[str]:
    left = {key: count for key, count in held.leftovers.items() if count}
    if left:
        yield f"the lane still holds {left}"
    fewest = len({one.id for one in statement.taken})
    most = fewest + len(statement.unknown)
    for family, count in {**held.keys, "numbered": held.numbered}.items():
        if not fewest <= count <= most:
            yield f"{count} entries of kind {family!r} for {fewest} jobs"


def _some(ids: Sequence[str]) -> str:
    return "such as " + ", ".join(ids[:_EXAMPLES])
