"""Training is repeatable, honest about its test, and says what it did."""

import datetime as dt
from dataclasses import replace

import pytest

from model_store import artifact, dataset, training
from model_store.artifact import Artifact
from model_store.dataset import Dataset
from model_store.errors import DatasetError
from model_store.recipe import evaluation, pipelines, rolling
from model_store.recipe.calibration import SCORED_PERIODS
from tests import small_model
from tests.model_store.conftest import Writer
from tests.model_store.markets import QUICK
from tests.small_model import KEY

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


@pytest.fixture
def sales(other_market: Writer) -> Dataset:
    """Return the small market of these tests."""
    return dataset.load(other_market())


def test_two_trainings_give_the_same_bytes(sales: Dataset) -> None:
    """The same sales, seed and recipe are the same model, file for file."""
    first, second = (
        artifact.dump(training.train(sales, seed=7, trained_at=NOW, recipe=QUICK), KEY)
        for _ in range(2)
    )

    assert first == second


def test_the_time_of_training_is_no_part_of_the_version(sales: Dataset) -> None:
    """Training the same again makes no new version; another seed does."""
    trained = training.train(sales, seed=7, trained_at=NOW, recipe=QUICK)
    later = replace(trained, trained_at=NOW + dt.timedelta(days=1))
    other = training.train(sales, seed=8, trained_at=NOW, recipe=QUICK)

    digests = [
        artifact.load(artifact.dump(made, KEY)).card.digest
        for made in (trained, later, other)
    ]

    assert digests[0] == digests[1] != digests[2]


def test_every_fit_is_reported(sales: Dataset) -> None:
    """A progress bar moves step by step from the first fit to the last."""
    seen: list[tuple[int, int, str]] = []

    training.train(
        sales,
        seed=0,
        trained_at=NOW,
        recipe=QUICK,
        progress=lambda done, total, text: seen.append((done, total, text)),
    )

    fits = len(rolling.plan(sales).starts) + 1
    shares = [done / of for done, of, _ in seen]
    assert len(seen) == fits * len(pipelines.STEPS)
    assert shares == sorted(set(shares))
    assert shares[-1] == 1
    assert seen[-1][2] == "spread, 400 sales"


def test_the_card_measures_each_month_by_a_model_that_never_saw_it(
    sales: Dataset,
) -> None:
    """The figures are those of a roll over the test; the model knows all sales."""
    trained = training.train(sales, seed=3, trained_at=NOW, recipe=QUICK)
    plan = rolling.plan(sales)

    rounds = list(
        rolling.roll(
            sales, plan.starts, lambda before: pipelines.fit(before, QUICK, 3), 0.9
        )
    )

    outcomes = [evaluation.outcome(one) for one in rounds[-plan.tested :]]
    metrics = trained.metrics
    expected = evaluation.measure(evaluation.joined(outcomes))
    assert {key: metrics[key] for key in expected} == expected
    assert metrics["n"] == len(sales.split(sales.day_at(0.8))[1])
    assert metrics["tested_from"] >= str(plan.starts[3])
    assert metrics["tested_to"] == str(sales.last_day)
    assert [part["n"] for part in metrics["periods"]] == [len(o.sold) for o in outcomes]
    assert trained.as_of == sales.last_day
    assert len(trained.model.pipelines[0]["comparables"].prices) == len(sales)


def test_the_test_period_may_be_given_by_date(other_market: Writer) -> None:
    """A definition that names a date is measured from that date on."""
    sales = dataset.load(other_market(test_from="2020-11-01"))

    trained = training.train(sales, seed=0, trained_at=NOW, recipe=QUICK)

    assert trained.metrics["tested_from"] == "2020-11-01"


def test_the_range_is_calibrated_on_the_last_sales(sales: Dataset) -> None:
    """The card says on which days and how many sales the range was made honest."""
    interval = training.train(sales, seed=0, trained_at=NOW, recipe=QUICK).interval

    first, last = interval.calibrated_on
    assert last == sales.last_day
    assert first >= rolling.plan(sales).starts[-SCORED_PERIODS]
    assert interval.n == len(sales.split(first)[1])


def test_the_libraries_that_decide_about_bits_are_on_the_card(
    small_artifact: Artifact,
) -> None:
    """Whoever wonders why a model prices otherwise elsewhere finds the versions."""
    assert set(small_artifact.training["libraries"]) == {
        "numpy",
        "pandas",
        "scikit-learn",
        "scipy",
    }
    assert small_artifact.training["recipe"]["trees"] == small_model.RECIPE.trees


def test_too_few_sales_are_refused(sales: Dataset) -> None:
    """A model of nothing is not trained, and the message says what is needed."""
    with pytest.raises(DatasetError, match="expected a test, 3 periods and 100 sales"):
        training.train(sales.every(3), seed=0, trained_at=NOW, recipe=QUICK)
