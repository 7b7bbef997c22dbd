"""The judge of the chaos suite sees what it is there to see."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.chaos.evidence import Holdings, Record, recoveries_s
from tests.chaos.load import Taken
from tests.chaos.verdict import Statement, judge
from tests.chaos.witness import Sight, backwards

IDS = ("a", "b", "c")
PRICED = Record(
    state="succeeded",
    detail="",
    output=b"1",
    attempts=1,
    crashes=0,
    completed_ms=1000,
)
WHOLE = Statement(
    taken=[Taken(one, "acme", b"1") for one in IDS],
    announced=dict.fromkeys(IDS, 1),
)
HELD = Holdings(
    records=dict.fromkeys(IDS, PRICED),
    numbered=3,
    done=3,
    dead=frozenset(),
    strays=(),
    leftovers={"predictions": 0},
    keys={"job": 3, "gone": 3, "idempotency": 3},
)

Change = Callable[[Statement, Holdings], tuple[Statement, Holdings]]


def with_record(job_id: str, **changes: object) -> Holdings:
    """Return what the server holds with one record changed."""
    changed = replace(PRICED, **changes)  # type: ignore[arg-type] # a test's own keywords
    return replace(HELD, records={**HELD.records, job_id: changed})


def test_a_row_in_which_every_job_has_its_price_is_whole() -> None:
    """No false alarm."""
    verdict = judge(WHOLE, HELD)
    assert verdict.broken == ()
    assert (verdict.acknowledged, verdict.succeeded, verdict.lost) == (3, 3, 0)
    assert (verdict.duplicates, verdict.reruns, verdict.dead) == (0, 0, 0)


def test_a_job_without_a_record_is_lost() -> None:
    """An acknowledged job that the server knows nothing of."""
    records = {"a": PRICED, "b": PRICED}
    verdict = judge(WHOLE, replace(HELD, records=records))
    assert verdict.lost == 1
    assert "no record, such as c" in verdict.broken[0]


@pytest.mark.parametrize(
    ("state", "figure"),
    [
        ("succeeded", "succeeded"),
        ("failed", "failed"),
        ("canceled", "canceled"),
        ("queued", "open"),
        ("running", "open"),
        ("retrying", "open"),
    ],
)
def test_every_acknowledged_job_is_counted_once(state: str, figure: str) -> None:
    """Acknowledged == succeeded + failed + canceled + open."""
    verdict = judge(WHOLE, with_record("b", state=state))
    figures = ("succeeded", "failed", "canceled", "open")
    expected = Counter(["succeeded", "succeeded", figure])

    assert [getattr(verdict, one) for one in figures] == [
        expected[one] for one in figures
    ]
    assert not any("acknowledged jobs are not" in text for text in verdict.broken)


def test_a_sum_that_does_not_come_out_is_seen() -> None:
    """A job that is neither open nor ended is nowhere."""
    verdict = judge(WHOLE, replace(HELD, records={"a": PRICED, "b": PRICED}))

    told = "3 acknowledged jobs are not 2 succeeded + 0 failed + 0 canceled + 0 open"
    assert told in verdict.broken


@pytest.mark.parametrize("state", ["queued", "running", "retrying"])
def test_a_job_that_never_ends_is_lost(state: str) -> None:
    """An open job after the drain."""
    verdict = judge(WHOLE, with_record("b", state=state))
    assert (verdict.lost, verdict.open) == (1, 1)
    assert any("never ended" in text for text in verdict.broken)


def test_another_jobs_price_is_seen() -> None:
    """Results that were swapped in a batch."""
    (broken,) = judge(WHOLE, with_record("b", output=b"2")).broken
    assert "not theirs, such as b" in broken


def test_a_second_result_is_seen_by_its_announcement() -> None:
    """Two ends of one job were published."""
    verdict = judge(replace(WHOLE, announced={"a": 1, "b": 2, "c": 1}), HELD)
    assert verdict.duplicates == 1
    assert "more than once, such as b" in verdict.broken[0]


def test_a_second_result_is_seen_by_the_ledgers_count() -> None:
    """The counter of ends ran ahead of the jobs, even if nobody listened."""
    verdict = judge(replace(WHOLE, announced={}, deaf=True), replace(HELD, done=4))
    assert verdict.duplicates == 1
    assert "3 jobs and 4 ends" in verdict.broken[0]


def test_a_silent_end_is_seen_unless_nobody_could_hear_it() -> None:
    """Waiting clients would wait for ever."""
    silent = replace(WHOLE, announced={"a": 1, "b": 1})
    assert "never announced, such as c" in judge(silent, HELD).broken[0]
    assert judge(replace(silent, deaf=True), HELD).broken == ()


def test_an_innocent_dead_letter_is_seen() -> None:
    """Only planted poison may die."""
    held = with_record("b", state="failed", detail="dead", attempts=3)
    verdict = judge(WHOLE, replace(held, dead=frozenset("b")))
    assert (verdict.dead, verdict.failed) == (1, 1)
    assert any("ended as they must not" in text for text in verdict.broken)
    assert any("dead letters are" in text for text in verdict.broken)


@pytest.mark.parametrize(("attempts", "whole"), [(2, False), (3, True), (4, False)])
def test_poison_must_die_after_exactly_three_starts(
    attempts: int, *, whole: bool
) -> None:
    """Neither spared nor started once more."""
    held = with_record("b", state="failed", detail="dead", attempts=attempts)
    held = replace(held, dead=frozenset("b"))
    verdict = judge(replace(WHOLE, poison=frozenset("b")), held)
    assert (verdict.broken == ()) is whole


@pytest.mark.parametrize(
    ("told", "state", "detail", "whole"),
    [
        (True, "canceled", "by_client", True),
        (True, "succeeded", "", False),
        (False, "canceled", "by_client", True),
        (False, "succeeded", "", True),
        (None, "canceled", "by_client", False),
        (None, "canceled", "deadline_exceeded", False),
    ],
)
def test_a_job_is_canceled_only_on_request_and_then_for_good(
    *, told: bool | None, state: str, detail: str, whole: bool
) -> None:
    """A cancel without an answer may have happened; one with an answer has."""
    output = b"1" if state == "succeeded" else b""
    held = with_record("b", state=state, detail=detail, output=output)
    cancels = {} if told is None else {"b": told}
    verdict = judge(replace(WHOLE, cancels=cancels), held)
    assert (verdict.broken == ()) is whole
    assert verdict.succeeded + verdict.canceled == 3


@pytest.mark.parametrize("state", ["canceled", "succeeded"])
def test_a_job_with_a_deadline_may_end_either_way(state: str) -> None:
    """In time or not, but never lost."""
    late = state == "canceled"
    output, detail = (b"", "deadline_exceeded") if late else (b"1", "")
    held = with_record("b", state=state, detail=detail, output=output)
    taken = [replace(one, deadline_s=0.1) for one in WHOLE.taken]
    assert judge(replace(WHOLE, taken=taken), held).broken == ()


def test_leftovers_are_seen() -> None:
    """Entries of jobs that have ended would be counted for ever."""
    held = replace(HELD, leftovers={"predictions": 0, "kerbside:running:x": 2})
    assert "still holds {'kerbside:running:x': 2}" in judge(WHOLE, held).broken[0]


def test_keys_that_belong_to_no_job_are_seen() -> None:
    """A key too many is a leak, a key too few a loss."""
    for count in (2, 4):
        held = replace(HELD, keys={**HELD.keys, "gone": count})
        assert f"{count} entries of kind 'gone'" in judge(WHOLE, held).broken[0]


def test_an_order_without_an_answer_may_or_may_not_be_a_job() -> None:
    """It is neither lost nor a leak."""
    unsure = replace(WHOLE, unknown=frozenset("d"))
    more = replace(HELD, numbered=4, done=4, keys=dict.fromkeys(HELD.keys, 4))
    assert judge(unsure, HELD).broken == ()
    assert judge(unsure, more).broken == ()
    assert judge(unsure, more).duplicates == 0


def test_what_a_poll_saw_is_reported() -> None:
    """The onlookers' findings are part of the verdict."""
    (broken,) = judge(replace(WHOLE, wrong_polls=["a went"]), HELD).broken
    assert "a went" in broken


@pytest.mark.parametrize(
    ("after", "wrong"),
    [
        (Sight(2, "running", 1, None), False),
        (Sight(3, "retrying", 1, None), False),
        (Sight(3, "succeeded", 2, b"1"), False),
        (Sight(1, "queued", 0, None), True),
        (Sight(3, "queued", 0, None), True),
        (Sight(2, "succeeded", 2, b"1"), True),
    ],
)
def test_a_job_goes_forward_only(after: Sight, *, wrong: bool) -> None:
    """A later sight has a higher sequence, or is the same."""
    assert backwards(Sight(2, "running", 1, None), after) is wrong


def test_nothing_changes_after_the_end() -> None:
    """A terminal job stays as it is, whatever its sequence says."""
    ended = Sight(3, "succeeded", 2, b"1")
    assert not backwards(ended, ended)
    assert backwards(ended, Sight(4, "succeeded", 2, b"2"))


def test_the_time_to_recover_is_that_of_the_last_job_hit() -> None:
    """Where all were hit, that to the flow of results."""
    records = {
        one: replace(PRICED, completed_ms=end)
        for one, end in zip(IDS, (1500, 2500, 4000), strict=True)
    }
    both = recoveries_s(records, [(1000, frozenset("ab")), (2600, frozenset())])
    assert list(both) == [1.4, 1.5]
    assert list(recoveries_s(records, [])) == []


def test_a_job_hit_twice_counts_for_the_second_fault_only() -> None:
    """Time that a later fault cost is not the earlier one's."""
    records = {"a": replace(PRICED, completed_ms=9000)}
    hit = frozenset("a")
    assert list(recoveries_s(records, [(1000, hit), (7000, hit)])) == [2.0]


def test_after_a_fault_that_hit_all_work_flows_with_the_twentieth_end() -> None:
    """The first result may have been ready before the fault."""
    records = {
        str(one): replace(PRICED, completed_ms=1000 + 100 * one) for one in range(30)
    }
    assert list(recoveries_s(records, [(1000, frozenset())])) == [1.9]
