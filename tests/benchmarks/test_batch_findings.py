"""What a batch takes is judged by the design's targets."""

import pytest

from api.client.batches import CSV, NDJSON
from benchmarks import batch_findings
from benchmarks.beside import Beside
from benchmarks.beside import Round as BesideRound
from benchmarks.bulk import Bulk, Round


def _round(worker_us: float, *, limit_us: float = 90.0, redis_bytes: int = 0) -> Round:
    return Round(
        limit_us=limit_us,
        worker_us=worker_us,
        api_us=3.0,
        redis_us=2.0,
        redis_bytes=redis_bytes,
        rows_per_s=9_000.0,
    )


def _bulk(*rounds: Round) -> Bulk:
    table = _round(120.0)
    return Bulk(rows=100_000, chunk_rows=2_000, rounds={NDJSON: rounds, CSV: [table]})


@pytest.mark.parametrize(("worker_us", "held"), [(100.0, True), (102.0, False)])
def test_a_row_costs_its_worker_little_more_than_its_price(
    worker_us: float,
    held: bool,  # noqa: FBT001 - a case
) -> None:
    """It is what one process takes for the same houses, as a share of what it takes."""
    finding, _, details = batch_findings.of_bulk(_bulk(_round(worker_us)))

    assert finding.held is held
    assert [row[-2] for row in details.rows] == [f"{9000 / worker_us:.0f} %", "75 %"]


def test_the_share_is_the_median_of_rounds_beside_each_other() -> None:
    """A slow minute of the machine hits both sides of a round and cancels out."""
    slow = _round(200.0, limit_us=190.0)
    rounds = [slow, _round(100.0), _round(300.0)]

    finding, *_ = batch_findings.of_bulk(_bulk(*rounds))

    assert finding.measured.startswith("90 % (")


@pytest.mark.parametrize(
    ("redis_bytes", "held"), [(2_000_000, True), (2_000_001, False)]
)
def test_redis_is_judged_by_the_most_it_ever_held(
    redis_bytes: int,
    held: bool,  # noqa: FBT001 - a case
) -> None:
    """Of all batches, whatever their form."""
    rounds = [_round(100.0), _round(100.0, redis_bytes=redis_bytes)]

    _, finding, _ = batch_findings.of_bulk(_bulk(*rounds))

    assert finding.held is held


@pytest.mark.parametrize(("busy_ms", "held"), [(10.0, True), (10.1, False)])
def test_who_waits_for_a_price_hardly_notices_a_batch(
    busy_ms: float,
    held: bool,  # noqa: FBT001 - a case
) -> None:
    """The slow prices count, not those in the middle."""
    one = BesideRound(idle_ms=[5.0] * 40, busy_ms=[busy_ms] * 40)

    finding = batch_findings.of_beside(Beside(rows=100_000, rounds=[one]))

    assert finding.held is held
