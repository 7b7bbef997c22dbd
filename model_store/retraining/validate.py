"""Whether sales are fit to be learnt from, whatever a model would make of them."""

import datetime as dt
from collections.abc import Collection, Iterator

import numpy as np

from model_store.card import ModelCard
from model_store.dataset import Dataset
from model_store.intake import suspects
from model_store.retraining.rules import Rule

#: Share of the sales that may have the price that most have, and that may be copies.
_ONE_PRICE, _COPIES = 0.5, 0.02
#: Days of a window; the newest one is held against the median of those before it.
_WINDOW, _WINDOWS = 30, 6
#: By which factor sales of a window may be fewer or more.
_FEWER, _MORE = 0.2, 5.0
#: Share of the champion's own sales that must still be there.
_STILL_THERE = 0.98
#: Share of the sales by which a column may have more gaps than the champion's had.
_MORE_GAPS = 0.2


def checks(
    sales: Dataset, champion: ModelCard | None, today: dt.date
) -> Iterator[Rule]:
    """Yield each rule of the sales.

    Args:
        sales: All of them.
        champion: What prices now; None: nothing does.
        today: No sale is later.
    """
    yield _dates(sales, today)
    yield _prices(sales)
    yield _copies(sales)
    yield _leakage(sales, champion)
    yield _volume(sales)
    if champion is not None:
        yield _same_data_set(sales, champion)
        yield _still_there(sales, champion)
        yield from _gaps(sales, champion)


def _dates(sales: Dataset, today: dt.date) -> Rule:
    last = str(sales.last_day)
    said = f"the last sale is of {last}; today is {today}, and no sale may be later"
    return Rule("dates", sales.last_day <= today, last, f"at most {today}", said)


def _prices(sales: Dataset) -> Rule:
    _, counts = np.unique(sales.prices, return_counts=True)
    share = _percent(counts.max() / len(sales))
    bound = f"at most {_ONE_PRICE:.0%}"
    said = f"{share} % of the sales have one and the same price; {bound} may"
    return Rule("one_price", share <= 100 * _ONE_PRICE, share, bound, said)


def _copies(sales: Dataset) -> Rule:
    rows = sales.houses.assign(__price=sales.prices, __day=sales.dates)
    share = _percent(rows.duplicated().mean())
    bound = f"at most {_COPIES:.0%}"
    said = f"{share} % of the sales are there twice, cell by cell; {bound} may be"
    return Rule("duplicates", share <= 100 * _COPIES, share, bound, said)


def _leakage(sales: Dataset, champion: ModelCard | None) -> Rule:
    found = dict(_leaks(sales, champion.schema.names if champion else ()))
    told = "; ".join(f"column {name!r}: {why}" for name, why in found.items())
    said = told or "no column tells the price or is known only after the sale"
    return Rule("leakage", not found, ", ".join(found), "no column", said)


def _leaks(sales: Dataset, accepted: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield columns that know the price; a name that was accepted before is no sign."""
    for name in sales.schema.names:
        what = None if name in accepted else suspects.leak_by_name(name)
        if what:
            yield name, f"its name says that it is {what}"
    numbers = {
        feature.name: sales.houses[feature.name].to_numpy(np.float64)
        for feature in sales.schema.features
        if feature.kind != "category"
    }
    yield from suspects.leaks_by_value(numbers, np.log(sales.prices)).items()


def _volume(sales: Dataset) -> Rule:
    ages = (sales.dates[-1] - sales.dates).astype(int) // _WINDOW
    counts = np.bincount(ages, minlength=2)[: _WINDOWS + 1]
    usual = float(np.median(counts[1:]))
    ratio = round(float(counts[0]) / max(usual, 1.0), 2)
    bound = f"{_FEWER} to {_MORE} times"
    said = (
        f"the last {_WINDOW} days have {counts[0]:,} sales, those before them "
        f"{usual:,.0f} on the median: {ratio} times as many; {bound} are expected"
    )
    return Rule("volume", _FEWER <= ratio <= _MORE, ratio, bound, said)


def _same_data_set(sales: Dataset, champion: ModelCard) -> Rule:
    ours, its = sales.definition.name, str(champion.data.get("name"))
    absent = [n for n in champion.schema.names if n not in sales.schema.names]
    said = f"these are sales of {ours!r}, the champion was made of {its!r}" + (
        f", and they lack its columns {absent}" if absent else ""
    )
    return Rule("data_set", ours == its and not absent, ours, its, said)


def _still_there(sales: Dataset, champion: ModelCard) -> Rule:
    before = len(sales.split(champion.as_of + dt.timedelta(days=1))[0])
    its = int(champion.data.get("sales", 0))
    share = _percent(before / its) if its else 100.0
    bound = f"at least {_STILL_THERE:.0%}"
    said = (
        f"up to {champion.as_of} there are {before:,} sales, the champion learnt from "
        f"{its:,} of then: {share} %; {bound} must still be there"
    )
    return Rule("truncated", share >= 100 * _STILL_THERE, share, bound, said)


def _gaps(sales: Dataset, champion: ModelCard) -> Iterator[Rule]:
    known = {one.name: one.missing for one in champion.profile.features}
    more = {
        feature.name: sales.houses[feature.name].isna().mean() - known[feature.name]
        for feature in sales.schema.features
        if feature.name in known
    }
    if not more:
        return
    worst = max(more, key=more.__getitem__)
    points = _percent(more[worst])
    bound = f"at most {_MORE_GAPS:.0%} of the sales"
    said = f"column {worst!r} is empty in {points} % of the sales more than it was"
    yield Rule("missing", points <= 100 * _MORE_GAPS, points, bound, f"{said}; {bound}")


def _percent(share: float) -> float:
    return round(100 * float(share), 2)
