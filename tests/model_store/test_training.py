"""Training is repeatable, honest about its test, and says what it did."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from model_store import artifact, dataset, training
from model_store.artifact import Artifact
from model_store.dataset import Dataset
from model_store.errors import DatasetError
from model_store.pipelines import Recipe
from tests.model_store.conftest import Writer
from tests.small_model import KEY

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
QUICK = Recipe(trees=5)


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
    """A progress bar moves from the first fit to the last."""
    seen: list[tuple[int, int]] = []

    training.train(
        sales,
        seed=0,
        trained_at=NOW,
        recipe=QUICK,
        progress=lambda done, total, _: seen.append((done, total)),
    )

    assert seen == [(i, training.FITS) for i in range(1, training.FITS + 1)]


def test_the_card_measures_sales_that_its_model_never_saw(sales: Dataset) -> None:
    """Prices of the test period do not move the figures' model, only the figures."""
    trained = training.train(sales, seed=0, trained_at=NOW, recipe=QUICK)
    metrics = trained.metrics

    assert metrics["trained_to"] < metrics["tested_from"] <= metrics["tested_to"]
    assert metrics["n"] == len(sales.split(sales.day_at(0.8))[1])
    assert trained.as_of == sales.last_day


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
    assert (last - first).days < training.CALIBRATION_DAYS
    assert interval.n == len(sales.split(first)[1])


def test_parity_houses_hold_gaps_and_unknown_values(small_artifact: Artifact) -> None:
    """What is compared at load includes every kind of hole."""
    houses = small_artifact.parity_houses
    names = small_artifact.schema.names

    assert len(houses) >= 64
    assert all(any(house[name] is None for house in houses) for name in names)
    assert any(None not in house.values() for house in houses)


def test_example_houses_run_from_cheap_to_dear(small_artifact: Artifact) -> None:
    """Five real sales that the schema accepts, with what they sold for."""
    house = small_artifact.schema.house_model()
    sold = [example["sold_for"] for example in small_artifact.examples]

    for example in small_artifact.examples:
        house.model_validate(example["house"])
    assert len(sold) == 5
    assert sold == sorted(sold)


def test_too_few_sales_are_refused(sales: Dataset) -> None:
    """A model of nothing is not trained."""
    with pytest.raises(DatasetError, match="at least 200 to train on"):
        training.train(sales.every(3), seed=0, trained_at=NOW, recipe=QUICK)


def test_sales_of_a_single_day_are_refused(sales: Dataset) -> None:
    """Without earlier and later there is neither test nor calibration."""
    same_day = replace(sales, dates=np.full_like(sales.dates, sales.dates[0]))

    with pytest.raises(DatasetError, match="0 sales before"):
        training.train(same_day, seed=0, trained_at=NOW, recipe=QUICK)


def test_sales_on_too_few_days_cannot_be_calibrated(sales: Dataset) -> None:
    """The message says so, where scikit-learn would speak of empty arrays."""
    dates = np.where(
        np.arange(len(sales)) < 300, sales.dates[0], sales.dates[-1]
    ).astype(sales.dates.dtype)

    with pytest.raises(DatasetError, match="to calibrate the range with"):
        training.train(
            replace(sales, dates=dates), seed=0, trained_at=NOW, recipe=QUICK
        )
