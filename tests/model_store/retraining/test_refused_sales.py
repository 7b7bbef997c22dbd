"""Sales that are not fit to be learnt from change no price."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from model_store.dataset import Dataset
from model_store.retraining import validate
from model_store.schema import Feature
from model_store.store import ModelStore
from tests.model_store.retraining.conftest import (
    Retrain,
    Write,
    broken,
    chosen,
    unchanged,
    with_column,
)


def test_a_column_that_knows_the_price_is_refused(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """An appraisal, whatever it is called, by how much of the price it explains."""
    noise = np.random.default_rng(0).lognormal(0, 0.05, len(market))
    houses = market.houses.assign(score=np.round(market.prices * noise))

    with unchanged(models):
        report = retrain(with_column(write, replace(market, houses=houses), "score"))

    assert report.verdict.decision == "bad_data"
    assert broken(report) == ["leakage"]
    assert "'score': it alone explains" in report.verdict.reasons[0]


@pytest.mark.parametrize("name", ["score", "list_price"])
def test_a_column_that_a_person_kept_is_no_leak(market: Dataset, name: str) -> None:
    """The definition has the last word, by name and by value."""
    houses = market.houses.assign(**{name: market.prices})
    column = Feature(name, "number", "Something.", 1)
    known = replace(
        market,
        houses=houses,
        definition=replace(
            market.definition, features=(*market.definition.features, column)
        ),
    )
    kept = replace(
        known, definition=replace(known.definition, kept={name: "you asked for it"})
    )

    def names(sales: Dataset) -> list[str]:
        rules = validate.checks(sales, None, dt.date(2026, 1, 1))
        return [rule.name for rule in rules if not rule.held]

    assert names(known) == ["leakage"]
    assert names(kept) == []


def test_a_column_that_is_known_afterwards_is_refused(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """By its name, though it may follow no price."""
    houses = market.houses.assign(list_price=market.houses["sqft_lot"])

    with unchanged(models):
        report = retrain(
            with_column(write, replace(market, houses=houses), "list_price")
        )

    assert broken(report) == ["leakage"]
    assert (
        "'list_price': its name says that it is what was asked"
        in report.verdict.reasons[0]
    )


def test_a_table_that_was_cut_off_is_refused(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """The champion learnt from sales that are not there any more."""
    with unchanged(models):
        report = retrain(write(market.split(dt.date(2014, 9, 1))[0]))

    assert report.verdict.decision == "bad_data"
    assert broken(report) == ["truncated"]


def test_a_month_that_hardly_came_is_refused(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """Of the last month a tenth arrived: a feed is broken."""
    last = market.dates >= np.datetime64("2015-04-15")
    sales = chosen(market, ~last | (np.arange(len(market)) % 20 == 0))

    with unchanged(models):
        report = retrain(write(sales))

    assert broken(report) == ["volume"]


@pytest.mark.parametrize(
    ("spoil", "rule", "told"),
    [
        (lambda s: replace(s, prices=np.full(len(s), 5e5)), "one_price", "100.0 %"),
        (
            lambda s: replace(s, dates=s.dates + np.timedelta64(5000, "D")),
            "dates",
            "no sale may be later",
        ),
        (lambda s: chosen(s, np.arange(len(s)) // 2 * 2), "duplicates", "there twice"),
        (
            lambda s: replace(s, houses=s.houses.assign(condition=9.0)),
            "table",
            "column 'condition'",
        ),
    ],
    ids=["one price", "dates to come", "copies", "out of range"],
)
def test_sales_that_are_none_are_refused(
    retrain: Retrain,
    models: ModelStore,
    market: Dataset,
    write: Write,
    spoil: Callable[[Dataset], Dataset],
    rule: str,
    told: str,
) -> None:
    """Before anything is trained, each with its reason."""
    with unchanged(models):
        report = retrain(write(spoil(market)))

    assert report.verdict.decision == "bad_data"
    assert rule in broken(report)
    assert told in " ".join(report.verdict.reasons)
    assert "train" not in [one["step"] for one in report.steps]


def test_the_sales_of_another_market_are_refused(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """A champion is compared with what prices the same houses."""
    with unchanged(models):
        report = retrain(write(market, name="elsewhere"))

    assert broken(report) == ["data_set"]


def test_sales_with_other_columns_break_a_rule_and_nothing_else(
    models: ModelStore, market: Dataset
) -> None:
    """Whoever brings a table of their own meets the champion of another one."""
    features = tuple(
        replace(one, name=f"{one.name}_2", not_below=None)
        for one in market.schema.features
    )
    names = [f"{name}_2" for name in market.houses.columns]
    own = replace(
        market,
        definition=replace(market.definition, features=features),
        houses=market.houses.set_axis(names, axis="columns"),
    )
    champion = models.card(models.resolve("champion"))

    rules = list(validate.checks(own, champion, dt.date(2026, 1, 1)))

    assert [rule.name for rule in rules if not rule.held] == ["data_set"]


def test_the_log_names_broken_rules_and_quotes_no_sale(
    retrain: Retrain, market: Dataset, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    """What a table holds is for who runs the command."""
    condition = market.houses["condition"].replace(3, 987654)
    retrain(write(replace(market, houses=market.houses.assign(condition=condition))))

    assert "retraining_ended" in caplog.text
    assert "987654" not in caplog.text
