"""Models month by month: each fitted to the sales before, each pricing its month only.

So a service that is retrained monthly is measured, and so its ranges are calibrated.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from model_store.card import Interval
from model_store.dataset import Dataset
from model_store.errors import DatasetError
from model_store.recipe import pipelines
from model_store.recipe.calibration import SCORED_PERIODS, Forecast, calibrate
from model_store.recipe.pipelines import Fitted

#: Fewest sales of a period; a month with fewer is joined to the one before it.
FEWEST_IN_PERIOD = 40
#: Fewest sales that a model is fitted to.
FEWEST_SALES = 100
#: Periods before the test: those that are scored, and one whose residuals move the
#: first of these. Short tables make do with fewer.
_BEFORE, _FEWEST_BEFORE = SCORED_PERIODS + 1, 3
#: Sales of a period that are priced at most, evenly spaced: figures of so many are
#: known to a tenth of a percent.
MOST_IN_PERIOD = 20_000
#: Share of the sales, the last by date, that is the test where no date says it.
_TEST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Plan:
    """The periods of a roll.

    Attributes:
        starts: First day of each period, ascending; each ends where the next begins.
        tested: How many of them, the last ones, are the test.
    """

    starts: tuple[dt.date, ...]
    tested: int


@dataclass(frozen=True, slots=True)
class Round:
    """One period of a roll.

    Attributes:
        model: Fitted to the sales before the period.
        forecast: What it made of the period's sales.
        interval: Calibrated on the periods before; None until there are enough.
    """

    model: Fitted
    forecast: Forecast
    interval: Interval | None


def plan(dataset: Dataset) -> Plan:
    """Return the periods of the test and those before it that calibrate.

    Raises:
        DatasetError: There are too few sales, or on too few days, or all have one
            price.
    """
    day = dataset.definition.test_from or dataset.day_at(1 - _TEST_SHARE)
    before, test = dataset.split(day)
    earlier = _period_starts(before)[-_BEFORE:]
    while len(earlier) > _FEWEST_BEFORE and _before(dataset, earlier[0]) < FEWEST_SALES:
        del earlier[0]
    fitted = _before(dataset, earlier[0] if earlier else day)
    tested = _period_starts(test) or [day][: len(test)]
    if not tested or len(earlier) < _FEWEST_BEFORE or fitted < FEWEST_SALES:
        raise DatasetError(
            f"data set {dataset.definition.name!r}: {len(test)} sales from {day} on to "
            f"test on, before it {len(earlier)} periods of {FEWEST_IN_PERIOD} sales or "
            f"more, and {fitted} sales before these; expected a test, {_FEWEST_BEFORE} "
            f"periods and {FEWEST_SALES} sales: bring sales of more months"
        )
    if (dataset.prices == dataset.prices[0]).all():
        raise DatasetError(
            f"data set {dataset.definition.name!r}: every sale has the price "
            f"{dataset.prices[0]:,.0f}; expected what was paid for each, in column "
            f"{dataset.definition.target!r}"
        )
    # Sales that are too few for a period of their own go with the first one.
    return Plan((*earlier, day, *tested[1:]), len(tested))


def roll(
    dataset: Dataset,
    starts: Sequence[dt.date],
    fit: Callable[[Dataset], Fitted],
    level: float,
) -> Iterator[Round]:
    """Yield a round for each period, of `MOST_IN_PERIOD` of its sales at most.

    Args:
        dataset: All sales.
        starts: First day of each period.
        fit: Makes a model of the sales before a period.
        level: Share of sales that ranges are to hold.
    """
    forecasts: list[Forecast] = []
    ends = [*starts[1:], dataset.last_day + dt.timedelta(days=1)]
    for start, end in zip(starts, ends, strict=True):
        before, rest = dataset.split(start)
        model, (period, _) = fit(before), rest.split(end)
        enough = len(forecasts) >= _FEWEST_BEFORE
        interval = calibrate(forecasts, level) if enough else None
        period = period.spread(MOST_IN_PERIOD)
        raw = pipelines.predict(model.pipelines, period.houses)
        forecasts.append(Forecast(period, raw))
        yield Round(model, forecasts[-1], interval)


def sizes(dataset: Dataset, starts: Sequence[dt.date]) -> list[int]:
    """Return how many sales there are before each period."""
    return [_before(dataset, start) for start in starts]


def _before(dataset: Dataset, day: dt.date) -> int:
    return int(np.searchsorted(dataset.dates, np.datetime64(day)))


def _period_starts(sales: Dataset) -> list[dt.date]:
    """Return the first day of each month, joined to the one before if too small."""
    starts: list[dt.date] = []
    months, first = np.unique(sales.dates.astype("datetime64[M]"), return_index=True)
    end = len(sales)
    for month, at in zip(months[::-1], first[::-1], strict=True):
        if end - at >= FEWEST_IN_PERIOD:
            starts.insert(0, month.astype("datetime64[D]").item())
            end = at
    return starts
