"""What a worker tells of itself."""

from typing import Any

import pytest

from worker.leases import Completion, Lease, Tick
from worker.metrics import Metrics

LANE = "predictions"


def lease(number: int, **changes: Any) -> Lease:
    """Return a leased job of version `v`."""
    fields = {"waited_ms": 0, "age_ms": 0} | changes
    return Lease(f"id{number}", 1, "v", b'{"secret":"house"}', 0, **fields)


def prediction(price: float, *flags: tuple[str, str | None]) -> dict[str, Any]:
    """Return an output with a range of half its price."""
    return {
        "price": price,
        "currency": "USD",
        "interval": {"low": 0.8 * price, "high": 1.3 * price},
        "flags": [{"code": code, "feature": feature} for code, feature in flags],
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """Return the value of a series."""
    return metrics.registry.get_sample_value(name, labels)


def test_a_batch_is_told_by_its_times_and_its_size(metrics: Metrics) -> None:
    """Total is from the submit on, run from the claim on."""
    leases = [lease(1, waited_ms=200, age_ms=3000), lease(2, waited_ms=40, age_ms=40)]
    done = [Completion(lease=one, prediction=prediction(1e6)) for one in leases]

    metrics.claimed(LANE, leases)
    metrics.priced(LANE, done, [True, True], [0.5, 0.5])

    told = {
        name: value(metrics, f"kerbside_{name}_sum", lane=LANE)
        for name in (
            "job_wait_seconds",
            "job_run_seconds",
            "job_total_seconds",
            "batch_jobs",
        )
    }
    wanted = {
        "job_wait_seconds": 0.24,
        "job_run_seconds": 1.0,
        "job_total_seconds": 4.04,
        "batch_jobs": 2.0,
    }
    assert told == pytest.approx(wanted)
    assert value(metrics, "kerbside_batch_jobs_count", lane=LANE) == 1


def test_outcomes_are_counted_by_version_and_state(metrics: Metrics) -> None:
    """What did not become a job's result is dropped, and its price is no price."""
    done = [
        Completion(lease=lease(1), prediction=prediction(1e6)),
        Completion(lease=lease(2), error="cannot"),
        Completion(lease=lease(3), prediction=prediction(1e6)),
    ]

    metrics.priced(LANE, done, [True, True, False], [0.1] * 3)

    for state in ("succeeded", "failed", "dropped"):
        name = "kerbside_predictions_total"
        assert value(metrics, name, version="v", state=state) == 1
    assert value(metrics, "kerbside_job_total_seconds_count", lane=LANE) == 2
    labels = {"version": "v", "currency": "USD"}
    assert value(metrics, "kerbside_price_count", **labels) == 1


def test_a_chunk_is_told_by_its_rows_and_its_time(metrics: Metrics) -> None:
    """What came too late was no outcome, and one that could not be priced has none."""
    own, name = "batches", "kerbside_batch_rows_total"
    done = Completion(lease=lease(1, age_ms=500), output=b"1 1990 10")
    lost = Completion(lease=lease(2), error="These rows are lost.")
    assert value(metrics, name, outcome="refused") == 0

    metrics.chunk_ended(own, done, is_written=True, run_s=2.0)
    metrics.chunk_ended(own, done, is_written=False, run_s=2.0)
    metrics.chunk_ended(own, lost, is_written=True, run_s=1.0)

    assert value(metrics, name, outcome="priced") == 1990
    assert value(metrics, name, outcome="refused") == 10
    assert value(metrics, "kerbside_job_run_seconds_count", lane=own) == 3
    assert value(metrics, "kerbside_job_total_seconds_sum", lane=own) == 3.5


def test_prices_and_ranges_are_distributions(metrics: Metrics) -> None:
    """A range is told as a share of its price."""
    prices = (150_000, 400_000, 2e8)
    done = [Completion(lease=lease(1), prediction=prediction(one)) for one in prices]

    metrics.priced(LANE, done, [True] * 3, [0.1] * 3)

    labels = {"version": "v", "currency": "USD"}
    for bound, count in (("150000.0", 1), ("400000.0", 2), ("+Inf", 3)):
        name = "kerbside_price_bucket"
        assert value(metrics, name, le=bound, **labels) == count
    name = "kerbside_price_interval_width_ratio_bucket"
    assert value(metrics, name, version="v", le="0.4") == 0
    assert value(metrics, name, version="v", le="0.6") == 3


def test_houses_unlike_the_sales_are_counted_once_and_by_respect(
    metrics: Metrics,
) -> None:
    """A house with two flags is one house."""
    odd = prediction(1e6, ("above_sales", "sqft_living"), ("missing", "grade"))
    far = prediction(1e6, ("far_from_sales", None))
    done = [
        Completion(lease=lease(1), prediction=one) for one in (odd, far, prediction(1))
    ]

    metrics.priced(LANE, done, [True] * 3, [0.1] * 3)

    name = "kerbside_predictions_out_of_distribution_total"
    assert value(metrics, name, version="v") == 2
    for code, feature in (
        ("above_sales", "sqft_living"),
        ("missing", "grade"),
        ("far_from_sales", ""),
    ):
        name = "kerbside_prediction_flags_total"
        assert value(metrics, name, code=code, feature=feature) == 1


def test_a_model_that_tells_less_is_counted_all_the_same(metrics: Metrics) -> None:
    """One that stands in for a trained one has no range."""
    done = [Completion(lease=lease(1), prediction={"price": 1})]

    metrics.priced(LANE, done, [True], [0.1])

    name = "kerbside_predictions_total"
    assert value(metrics, name, version="v", state="succeeded") == 1


def test_a_delivery_tells_the_age_of_its_event_when_it_was_taken(
    metrics: Metrics,
) -> None:
    """What is tried again, or failed, has no total."""
    sent = lease(1, age_ms=60_000)
    for outcome, answer in (("again", "5xx"), ("failed", "tls"), ("delivered", "2xx")):
        metrics.attempted("webhooks", sent, outcome=outcome, answer=answer, run_s=0.5)
        name = "kerbside_webhook_attempts_total"
        assert value(metrics, name, outcome=outcome, answer=answer) == 1

    name = "kerbside_job_total_seconds_sum"
    assert value(metrics, name, lane="webhooks") == 60.5
    name = "kerbside_job_run_seconds_count"
    assert value(metrics, name, lane="webhooks") == 3


def test_no_figure_tells_of_a_house_a_job_or_a_client(metrics: Metrics) -> None:
    """Labels are few and closed: lanes, versions, states, words, names of features."""
    flagged = prediction(1e6, ("above_sales", "sqft_lot"))
    job = lease(1)
    metrics.begin(LANE)
    metrics.claimed(LANE, [job])
    metrics.priced(LANE, [Completion(lease=job, prediction=flagged)], [True], [0.1])
    metrics.attempted(LANE, job, outcome="again", answer="5xx", run_s=0.1)
    metrics.tended(LANE, Tick())

    samples = [one for family in metrics.registry.collect() for one in family.samples]
    labels = {label for sample in samples for label in sample.labels.items()}
    names, values = zip(*labels, strict=True)
    assert set(names) == {
        *("lane", "version", "state", "outcome", "answer", "action"),
        *("currency", "code", "feature", "le"),
    }
    assert job.id not in values


def test_a_lane_s_troubles_are_told_before_there_are_any(metrics: Metrics) -> None:
    """Prometheus sees no rise in a series whose first value is one."""
    metrics.begin(LANE)
    metrics.tended(LANE, Tick())

    for name in ("jobs_given_back", "redis_errors", "turn_failures"):
        assert value(metrics, f"kerbside_{name}_total", lane=LANE) == 0
    for action in ("forgiven", "retried", "dead", "resent", "late"):
        name = "kerbside_jobs_tended_total"
        assert value(metrics, name, lane=LANE, action=action) == 0


def test_the_champion_is_looked_for_at_each_scrape(metrics: Metrics) -> None:
    """A worker loads it later than it starts."""
    loaded: list[str] = []
    metrics.watch_champion(lambda: bool(loaded))

    before = value(metrics, "kerbside_champion_loaded")
    loaded.append("v")

    assert (before, value(metrics, "kerbside_champion_loaded")) == (0, 1)
