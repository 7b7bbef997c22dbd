"""Where the test begins: later sales that neither candidate nor champion has seen."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

from model_store.card import ModelCard
from model_store.dataset import Dataset
from model_store.recipe import rolling

#: Fewest sales of the test of a first model, which is compared with none.
_FIRST_TESTED = 100
#: Days that a test has, at most: the newest ones are what comes next is likest to.
_DAYS = 30

#: Against what a candidate is held: the version that prices; its recipe, fitted to the
#: sales before the test, where too few are newer than it; nothing, where none prices.
Opponent = Literal["serving", "refitted", "none"]


@dataclass(frozen=True, slots=True)
class Split:
    """Sales in two parts.

    Attributes:
        sales: All of them; their definition has the test begin at `day`.
        day: First day of the test.
        test: The sales from that day on, of many as many as a period is judged by.
        opponent: Against what the candidate is held.
        newer: Sales that are later than all of the champion's.
    """

    sales: Dataset
    day: dt.date
    test: Dataset
    opponent: Opponent
    newer: int

    @property
    def before(self) -> Dataset:
        """The sales that may be learnt from before the test."""
        return self.sales.split(self.day)[0]


def split(sales: Dataset, champion: ModelCard | None, fewest: int) -> Split:
    """Return where the test begins.

    Of the sales that the champion has not seen the later half is the test, so that the
    candidate learns from the earlier half what the champion could not know.

    Args:
        sales: All of them.
        champion: What prices now; None: nothing does.
        fewest: Sales that a comparison with it needs.
    """
    if champion is None:
        return _at(sales, sales, "none", _FIRST_TESTED)
    newer = later(sales, champion)
    if len(newer) >= 2 * fewest:
        return _at(sales, newer, "serving", fewest)
    return replace(_at(sales, sales, "refitted", fewest), newer=len(newer))


def later(sales: Dataset, version: ModelCard) -> Dataset:
    """Return the sales that are later than all that a version learnt from."""
    return sales.split(version.as_of + dt.timedelta(days=1))[1]


def _at(sales: Dataset, unseen: Dataset, opponent: Opponent, fewest: int) -> Split:
    month = sales.last_day - dt.timedelta(days=_DAYS - 1)
    at = max(len(unseen) - fewest, 0)
    least = unseen.dates[at].item()
    day = min(max(unseen.day_at(0.5), month), least)
    definition = replace(sales.definition, test_from=day)
    return Split(
        sales=replace(sales, definition=definition),
        day=day,
        test=sales.split(day)[1].spread(rolling.MOST_IN_PERIOD),
        opponent=opponent,
        newer=len(unseen),
    )
