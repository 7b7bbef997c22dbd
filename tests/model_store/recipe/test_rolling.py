"""Month by month, and nothing of a month before it has come."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from model_store.dataset import Dataset
from model_store.errors import DatasetError
from model_store.recipe import pipelines, rolling
from model_store.recipe.calibration import calibrate
from model_store.recipe.pipelines import Fitted
from model_store.recipe.rolling import FEWEST_IN_PERIOD, Plan, Round
from tests import small_model
from tests.model_store.markets import QUICK, market


def _fit(sales: Dataset) -> Fitted:
    return pipelines.fit(sales, QUICK, seed=0)


def _on(days: list[str], counts: list[int]) -> Dataset:
    """Return sales on these days only."""
    sales = market(sum(counts), only=("area",))
    dates = np.repeat(np.array(days, dtype="datetime64[D]"), counts)
    return replace(sales, dates=dates)


@pytest.fixture(scope="module")
def sales() -> Dataset:
    """Return a year of sales."""
    return market(600, days=365)


@pytest.fixture(scope="module")
def rounds(sales: Dataset) -> list[Round]:
    """Return the rounds of the year."""
    return list(rolling.roll(sales, rolling.plan(sales).starts, _fit, 0.9))


def test_the_future_moves_nothing_that_was_before(
    sales: Dataset, rounds: list[Round]
) -> None:
    """Other prices and houses from a day on: index, models, forecasts, ranges stay."""
    starts = rolling.plan(sales).starts
    later = sales.dates >= np.datetime64(starts[-2])
    houses = sales.houses.copy()
    houses.loc[later, "area"] = houses.loc[later, "area"].to_numpy()[::-1] / 3
    houses.loc[later, "quarter"] = "new"
    prices = np.where(later, sales.prices[::-1] * 7, sales.prices)

    changed = replace(sales, prices=prices, houses=houses)
    again = list(rolling.roll(changed, starts, _fit, 0.9))

    # All rounds but the last have models of the sales before that day.
    for before, after in zip(rounds[:-1], again[:-1], strict=True):
        assert after.interval == before.interval
        assert after.model.profile == before.model.profile
        # The index shows in prices that were brought to the present.
        present = after.model.pipelines[0]["comparables"].log_prices
        expected = before.model.pipelines[0]["comparables"].log_prices
        assert np.array_equal(present, expected)
        raw = pipelines.predict(after.model.pipelines, sales.houses)
        expected = pipelines.predict(before.model.pipelines, sales.houses)
        assert np.array_equal(raw, expected)
    for before, after in zip(rounds[:-2], again[:-2], strict=True):
        assert np.array_equal(after.forecast.raw, before.forecast.raw)
    assert again[-1].interval != rounds[-1].interval


def test_a_model_sees_the_sales_before_its_period_and_no_other(
    sales: Dataset,
) -> None:
    """A sale of the first day of a period is not known to its model."""
    starts = rolling.plan(sales).starts
    seen: list[Dataset] = []

    def watched(before: Dataset) -> Fitted:
        seen.append(before)
        return _fit(before)

    rounds = list(rolling.roll(sales, starts, watched, 0.9))

    for before, start, one in zip(seen, starts, rounds, strict=True):
        assert before.last_day < start <= one.forecast.sales.first_day
        assert len(before) == np.sum(sales.dates < np.datetime64(start))
    periods = [len(one.forecast.sales) for one in rounds]
    assert sum(periods) == np.sum(sales.dates >= np.datetime64(starts[0]))


def test_a_range_is_calibrated_on_the_periods_before(rounds: list[Round]) -> None:
    """The first three have none; later ones never know their own sales."""
    assert [one.interval is None for one in rounds[:4]] == [True, True, True, False]
    for at, one in enumerate(rounds[3:], start=3):
        expected = calibrate([past.forecast for past in rounds[:at]], 0.9)
        assert one.interval == expected
        assert expected.calibrated_on[1] < one.forecast.sales.first_day


def test_periods_are_months_before_and_in_the_test() -> None:
    """Four months that calibrate, then those of the last fifth of the sales."""
    sales = market(2000, days=365, only=("area",))

    made = rolling.plan(sales)

    calibrating = [dt.date(2020, month, 1) for month in (7, 8, 9, 10)]
    months = [dt.date(2020, 11, 1), dt.date(2020, 12, 1)]
    assert made.starts == (*calibrating, sales.day_at(0.8), *months)
    assert made.tested == 3


@pytest.mark.parametrize(("first", "periods"), [(200, 4), (60, 4), (40, 3)])
def test_a_short_table_calibrates_on_fewer_periods(first: int, periods: int) -> None:
    """Down to three, so that the first model has sales enough to learn from."""
    days = [f"2020-{month:02}-15" for month in range(1, 9)]

    made = rolling.plan(_on(days, [first, 50, 50, 50, 50, 50, 50, 80]))

    assert len(made.starts) - made.tested == periods


def test_the_small_model_of_the_tests_is_planned_from_its_date() -> None:
    """A date in the definition is where the test starts."""
    made = rolling.plan(small_model.sales())

    assert made == Plan(
        starts=(
            dt.date(2014, 10, 1),
            dt.date(2014, 11, 1),
            dt.date(2014, 12, 1),
            dt.date(2015, 2, 1),
            dt.date(2015, 3, 1),
            dt.date(2015, 4, 1),
        ),
        tested=2,
    )


def test_a_month_with_few_sales_goes_with_the_one_before() -> None:
    """Thirty sales of a month are no period; a gap of months is part of one."""
    days = ["2020-01-15", "2020-02-15", "2020-03-15", "2020-07-15", "2020-08-15"]
    sales = _on([*days, "2020-12-24"], [120, 40, 40, 40, 30, 90])

    made = rolling.plan(sales)

    assert made.starts == (
        dt.date(2020, 2, 1),
        dt.date(2020, 3, 1),
        dt.date(2020, 7, 1),
        dt.date(2020, 12, 24),
    )
    assert made.tested == 1


@pytest.mark.parametrize("last", [1, FEWEST_IN_PERIOD - 1, FEWEST_IN_PERIOD + 1])
def test_a_gap_and_few_sales_on_the_last_day_are_measured(last: int) -> None:
    """Also where a single sale follows months without any."""
    days = ["2020-01-15", "2020-02-15", "2020-03-15", "2020-04-15", "2020-12-31"]
    sales = _on(days, [150, 50, 50, 50, last])
    sales = replace(
        sales, definition=replace(sales.definition, test_from=dt.date(2020, 12, 1))
    )
    made = rolling.plan(sales)

    rounds = list(rolling.roll(sales, made.starts, _fit, 0.9))

    assert made.tested == 1
    assert len(rounds[-1].forecast.sales) == last
    assert np.isfinite(rounds[-1].forecast.raw).all()


@pytest.mark.parametrize(
    ("days", "counts", "test_from"),
    [
        (["2020-01-15"], [500], None),
        (["2020-01-15", "2020-02-15"], [300, 200], None),
        (["2020-01-15", "2020-02-15", "2020-03-15", "2020-04-15"], [400] * 4, None),
        (["2020-01-15", "2020-02-15"], [300, 300], dt.date(2019, 1, 1)),
        (["2020-01-15", "2020-02-15"], [300, 300], dt.date(2021, 1, 1)),
        (["2020-01-15"], [1], None),
    ],
)
def test_sales_on_too_few_days_are_refused(
    days: list[str], counts: list[int], test_from: dt.date | None
) -> None:
    """Without a test, three periods and sales before them, nothing is promised."""
    sales = _on(days, counts)
    sales = replace(sales, definition=replace(sales.definition, test_from=test_from))

    with pytest.raises(DatasetError, match="expected a test, 3 periods and 100 sales"):
        rolling.plan(sales)


def test_a_great_period_is_judged_by_some_of_its_sales(
    monkeypatch: pytest.MonkeyPatch, sales: Dataset
) -> None:
    """From its first day to its last, so that time and memory have a bound."""
    starts = rolling.plan(sales).starts
    whole = sales.split(starts[-1])[1]
    monkeypatch.setattr(rolling, "MOST_IN_PERIOD", 20)

    last = list(rolling.roll(sales, starts, _fit, 0.9))[-1].forecast.sales

    assert 10 < len(last) <= 20
    assert last.first_day == whole.first_day
    assert (whole.last_day - last.last_day).days < 5
