"""How good prices proved by period, model version and segment, and how sure that is.

The interval of a median is that between two order statistics, exact for any
distribution (Conover, Practical Nonparametric Statistics, 3.2); that of a share is
Wilson's (1927). Both hold the true figure in 95 of 100 cases.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from model_store.recipe.evaluation import (
    FIFTHS,
    TEN_PERCENT,
    Outcome,
    fifths,
    measure,
    middle,
)

Floats = NDArray[np.float64]
Names = NDArray[np.str_]
Row = dict[str, Any]
Period = Literal["week", "month"]

#: Fewest sales of a cell that is told: fewer say little, and tell of single houses.
FEWEST = 20
#: What is told of a cell that no price is in.
NO_SALES = {"n": 0, "suppressed": True}
#: Segment of the price: which fifth.
PRICE_QUINTILE = "price_quintile"

_MISS = 0.05
#: Quantile of the normal distribution that leaves out 2.5 %.
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Judged:
    """Prices that were given, beside the sales; every array of shape (n_sales,).

    Attributes:
        sold_on: Date of each sale, datetime64[D], ascending.
        version: Id of the model version that gave the price.
        outcome: Price, range and price paid.
        segments: Name of a segment -> which of its groups each house is in.
    """

    sold_on: NDArray[np.datetime64]
    version: Names
    outcome: Outcome
    segments: Mapping[str, Names]

    def __len__(self) -> int:
        """Return the number of sales."""
        return len(self.sold_on)

    def where(self, chosen: NDArray[np.bool_]) -> "Judged":
        """Return some of the sales."""
        return Judged(
            self.sold_on[chosen],
            self.version[chosen],
            self.outcome.where(chosen),
            {name: groups[chosen] for name, groups in self.segments.items()},
        )


def table(judged: Judged, period: Period, segment: str | None = None) -> list[Row]:
    """Return the figures of each cell, earliest first.

    A cell with fewer than `FEWEST` sales says only how many; of a segment it is left
    out.

    Args:
        judged: All sales.
        period: Length of a cell.
        segment: Name of the segment by which cells are split, too.

    Returns:
        Rows of `from` (first day), `version` (None: all versions together), `group`
        with a segment, and what `cell` returns.
    """
    rows = []
    for start, inside in _split(judged, _starts(judged.sold_on, period)):
        for version, priced in _versions(inside):
            at = {"from": str(start), "version": version}
            if segment is None:
                rows.append(at | cell(priced.outcome))
            else:
                rows += [at | row for row in _by_group(priced, segment)]
    return rows


def cell(outcome: Outcome) -> Row:
    """Return what `measure` does, with intervals and the fit of the FSD.

    Returns:
        The figures; each `<figure>_between` is its 95 % interval; `fsd_ratio` is what
        two of three sales were off by, over what the FSD said: above 1 it promised
        too much. Of fewer than `FEWEST` sales only `n`, and `suppressed`.
    """
    n = len(outcome.sold)
    if n < FEWEST:
        return {"n": n, "suppressed": True}
    off, price = outcome.off, outcome.price
    miss = np.abs(outcome.sold - price) / (outcome.fsd * price)
    return measure(outcome) | {
        "mdape_between": _around_median(np.abs(off)),
        "median_bias_between": _around_median(off),
        "ppe10_between": _around_share(np.abs(off) <= TEN_PERCENT),
        "ppe20_between": _around_share(np.abs(off) <= 2 * TEN_PERCENT),
        "coverage_between": _around_share(outcome.inside),
        "within_fsd_between": _around_share(miss <= 1),
        "fsd_ratio": round(float(np.quantile(miss, 0.68)), 3),
    }


def fsd_calibration(outcome: Outcome) -> list[Row]:
    """Return what each fifth by FSD said, and how many sales kept to it, in percent."""
    within = np.abs(outcome.sold - outcome.price) <= outcome.fsd * outcome.price
    return [
        {
            "n": int(chosen.sum()),
            "fsd": round(100 * float(outcome.fsd[chosen].mean()), 2),
            "within": round(100 * float(within[chosen].mean()), 2),
        }
        for chosen in (fifths(outcome.fsd) == at for at in range(FIFTHS))
        if chosen.sum() >= FEWEST
    ]


def price_quintiles(outcome: Outcome) -> Names:
    """Return the fifth by price of each house, `1` the cheapest; see `middle`."""
    return (fifths(middle(outcome)) + 1).astype(str)


def start(day: dt.date, period: Period) -> dt.date:
    """Return the first day of the period that a day is in."""
    found = _starts(np.array([day], dtype="datetime64[D]"), period)
    return cast("dt.date", found[0].item())


def _starts(days: NDArray[np.datetime64], period: Period) -> NDArray[np.datetime64]:
    """Return the first day of the month, or the Monday, of each day."""
    if period == "month":
        return days.astype("datetime64[M]").astype("datetime64[D]")
    # The first day of numpy's count was a Thursday.
    return days - (days.astype(np.int64) + 3) % 7


def _by_group(judged: Judged, segment: str) -> Iterator[Row]:
    for group, inside in _split(judged, judged.segments[segment]):
        if group and len(inside) >= FEWEST:
            yield {"group": str(group)} | cell(inside.outcome)


def _versions(judged: Judged) -> Iterator[tuple[str | None, Judged]]:
    yield None, judged
    for version, inside in _split(judged, judged.version):
        yield str(version), inside


def _split(judged: Judged, by: NDArray[Any]) -> Iterator[tuple[Any, Judged]]:
    for value in np.unique(by):
        yield value, judged.where(by == value)


def _around_median(values: Floats) -> list[float]:
    n = len(values)
    rank = int(binom.ppf(_MISS / 2, n, 0.5))
    ordered = np.sort(values)
    return [
        _percent(ordered[max(rank - 1, 0)]),
        _percent(ordered[min(n - rank, n - 1)]),
    ]


def _around_share(hits: NDArray[np.bool_]) -> list[float]:
    n, share = len(hits), float(hits.mean())
    middle = share + _Z**2 / (2 * n)
    reach = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    whole = 1 + _Z**2 / n
    return [_percent((middle - reach) / whole), _percent((middle + reach) / whole)]


def _percent(share: float) -> float:
    return round(100 * float(share), 2)
