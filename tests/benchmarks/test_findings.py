"""Figures are judged by the design's targets, and reckoned as the page says."""

import pytest

from benchmarks import comparison, findings
from benchmarks.backlog import Depths, Scaling
from benchmarks.comparison import Round
from benchmarks.hanging import Hanging
from benchmarks.hanging import Round as HangingRound
from benchmarks.latency import Latencies
from benchmarks.single import SingleHouse
from benchmarks.stored import Round as StoredRound
from benchmarks.stored import Stored
from benchmarks.trial import Trial
from benchmarks.waiters import Round as WaiterRound
from benchmarks.waiters import Waiters


def _round(total_ms: float, *, polls: float = 1.0) -> Round:
    return Round(
        jobs=100,
        jobs_per_s=50.0,
        polls_per_job=polls,
        p50_ms=10.0,
        cpu_ms={"api": total_ms / 4, "worker": total_ms * 3 / 4},
        batch=None,
    )


def test_the_ratio_is_the_median_over_rounds_beside_each_other() -> None:
    """A slow minute of the machine hits both sides of a round and cancels out."""
    slow = [_round(20), _round(60), _round(10)]
    fast = [_round(1), _round(3), _round(5)]

    assert comparison.ratio(slow, fast) == 20
    assert findings.of_load(slow, fast).held is True
    assert findings.of_load(slow, [_round(2)] * 3).held is False


def test_further_polls_are_taken_out_by_what_a_poll_costs() -> None:
    """With one poll a job on both sides the poller's impatience does not count."""
    slow, fast = [_round(20, polls=5)], [_round(1, polls=1)]

    finding = findings.of_one_poll(slow, fast, (2.0, 0.3))

    assert finding.measured.startswith("12.0 x (12.00 ms against 1.00 ms")
    assert finding.held is None


@pytest.mark.parametrize(("house_us", "held"), [(450.0, True), (460.0, False)])
def test_a_challenger_takes_its_share_of_a_worker(
    house_us: float,
    held: bool,  # noqa: FBT001 - a case
) -> None:
    """It is what a price of its takes, as often as it makes one."""
    seen = Trial(job_us=300.0, house_us=house_us, every=50, jobs=9, houses=9)

    finding = findings.of_trial(seen)

    assert finding.measured.startswith(f"{house_us / 150:.1f} % (")
    assert finding.held is held


@pytest.mark.parametrize(("read_us", "held"), [(500.0, True), (501.0, False)])
def test_a_stored_price_is_read_for_a_third_of_a_new_one(
    read_us: float,
    held: bool,  # noqa: FBT001 - a case
) -> None:
    """Of rounds beside each other it is the middle one that counts."""
    rounds = [
        StoredRound(read_us=read_us, priced_us=1500.0),
        StoredRound(read_us=100.0, priced_us=900.0),
        StoredRound(read_us=900.0, priced_us=900.0),
    ]

    assert findings.of_stored(Stored(rounds)).held is held


@pytest.mark.parametrize(
    ("predictor_us", "exact", "held"),
    [(90.0, True, True), (110.0, True, False), (10.0, False, False)],
)
def test_a_cheap_predictor_that_is_not_exact_misses(
    predictor_us: float,
    exact: bool,  # noqa: FBT001 - a case
    held: bool,  # noqa: FBT001 - a case
) -> None:
    """Both halves of the target count."""
    seen = SingleHouse(10_000.0, predictor_us, exact, 10)

    assert findings.of_single(seen).held is held


def test_each_target_is_judged_from_its_own_side() -> None:
    """Some ratios are to be small, some to be great."""
    assert findings.of_latency(Latencies(80.0, 9.9)).held is True
    assert findings.of_latency(Latencies(80.0, 10.1)).held is False
    assert findings.of_depths(Depths(10, 100, 1.0, 1.1, 1.14)).held is True
    assert findings.of_depths(Depths(10, 100, 1.0, 1.2, 1.16)).held is False
    assert findings.of_scaling(Scaling(100, 370, 3.7)).held is True
    assert findings.of_scaling(Scaling(100, 350, 3.5)).held is False


def test_a_part_that_a_stack_does_not_have_is_left_blank() -> None:
    """The table names each part once and holds the totals."""
    with_redis = Round(
        jobs=1,
        jobs_per_s=1.0,
        polls_per_job=1.0,
        p50_ms=1.0,
        cpu_ms={"api": 1.0, "redis": 0.5},
        batch=3.0,
    )

    details = findings.parts_of_load("x", [("a", [_round(4)]), ("b", [with_redis])])

    assert details.columns[:5] == ("CPU ms a job", "api", "worker", "redis", "all")
    assert details.rows[0][1:5] == ("1.000", "3.000", "-", "4.000")
    assert details.rows[1][1:5] == ("1.000", "-", "0.500", "1.500")
    assert (details.rows[0][6], details.rows[1][6]) == ("-", "3.0")


def test_polls_beside_waiters_are_compared_round_by_round() -> None:
    """And the fewest that were ever held are told, not the most."""
    seen = Waiters(
        [
            _waiter_round(alone_ms=1.0, beside_ms=1.5, held=190),
            _waiter_round(alone_ms=2.0, beside_ms=4.0, held=185),
            _waiter_round(alone_ms=1.0, beside_ms=1.0, held=192),
        ]
    )

    finding, details = findings.of_waiters(seen)

    assert finding.measured.startswith("1.50 x (at least 185 held")
    assert [row[:3] for row in details.rows] == [
        ("alone", "30", "1.0 ms"),
        ("beside 200", "30", "1.5 ms"),
    ]
    assert "2.0 % of a core" in details.notes[1]


def test_prices_beside_hanging_receivers_are_compared_round_by_round() -> None:
    """One slow round does not decide, and a slow machine cancels out."""
    seen = Hanging(
        [
            HangingRound(without_ms=[2.0] * 20, hanging_ms=[2.2] * 20, held=20),
            HangingRound(without_ms=[9.0] * 20, hanging_ms=[9.0] * 20, held=20),
            HangingRound(without_ms=[2.0] * 20, hanging_ms=[9.0] * 20, held=20),
        ]
    )
    finding = findings.of_hanging(seen)

    assert seen.ratio == pytest.approx(1.1)
    assert finding.held
    assert finding.measured.startswith("1.10 x")


def _waiter_round(*, alone_ms: float, beside_ms: float, held: int) -> WaiterRound:
    return WaiterRound(
        alone_ms=[alone_ms] * 10,
        beside_ms=[beside_ms] * 10,
        held=held,
        cpu_percent=2.0,
        release_s=0.1,
    )
