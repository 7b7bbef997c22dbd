"""Whether sales are fit to be learnt from, whatever a model would make of them."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from model_store.card import ModelCard
from model_store.dataset import MOST_TWICE, Dataset
from model_store.intake import suspects
from model_store.retraining.rules import Rule
from model_store.retraining.split import later

#: Share of the sales that may have the price that most have.
_ONE_PRICE = 0.5
#: Days of a window; the newest one is held against the median of those before it.
_WINDOW, _WINDOWS = 30, 6
#: By which factor sales of a window may be fewer or more.
_FEWER, _MORE = 0.2, 5.0
#: Share of the champion's own sales that must still be there.
_STILL_THERE = 0.98
#: Share of the sales by which a column may have more gaps than the champion's had.
_MORE_GAPS = 0.2


def checks(
    sales: Dataset,
    champion: ModelCard | None,
    today: dt.date,
    fewer: str | None = None,
) -> Iterator[Rule]:
    """Yield each rule of the sales.

    Args:
        sales: All of them.
        champion: What prices now; None: nothing does.
        today: No sale is later.
        fewer: Why there may be fewer sales than before; None: there may not.
    """
    yield _dates(sales, today)
    yield _prices(sales)
    yield _copies(sales)
    yield _leakage(sales, champion)
    yield _volume(sales, fewer)
    if champion is not None:
        yield _same_data_set(sales, champion)
        yield _still_there(sales, champion, fewer)
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
    share = _percent(sales.twice().mean())
    bound = f"at most {MOST_TWICE:.0%}"
    said = f"{share} % of the sales are there twice, cell by cell; {bound} may be"
    return Rule("duplicates", share <= 100 * MOST_TWICE, share, bound, said)


def _leakage(sales: Dataset, champion: ModelCard | None) -> Rule:
    found = dict(_leaks(sales, champion))
    told = "; ".join(f"column {name!r}: {why}" for name, why in found.items())
    said = told or "no column tells the price or is known only after the sale"
    return Rule("leakage", not found, ", ".join(found), "no column", said)


def _leaks(sales: Dataset, champion: ModelCard | None) -> Iterator[tuple[str, str]]:
    """Yield columns that know the price.

    What a person kept on purpose is none, and a name that the champion has is no sign.
    """
    names = [one for one in sales.schema.names if one not in sales.definition.kept]
    for name in names:
        is_known = champion is not None and name in champion.schema.names
        what = None if is_known else suspects.leak_by_name(name)
        if what:
            yield name, f"its name says that it is {what}"
    numbers = {
        feature.name: sales.houses[feature.name].to_numpy(np.float64)
        for feature in sales.schema.features
        if feature.kind != "category" and feature.name in names
    }
    yield from suspects.leaks_by_value(numbers, np.log(sales.prices)).items()


def _volume(sales: Dataset, fewer: str | None) -> Rule:
    ages = (sales.dates[-1] - sales.dates).astype(int) // _WINDOW
    counts = np.bincount(ages, minlength=2)[: _WINDOWS + 1]
    usual = float(np.median(counts[1:]))
    ratio = round(float(counts[0]) / max(usual, 1.0), 2)
    bound = f"{_FEWER} to {_MORE} times"
    said = (
        f"the last {_WINDOW} days have {counts[0]:,} sales, those before them "
        f"{usual:,.0f} on the median: {ratio} times as many; {bound} are expected"
    )
    held = _FEWER <= ratio <= _MORE
    rule = Rule("volume", held, ratio, bound, said)
    return _accepted(rule, fewer) if ratio < _FEWER else rule


def _same_data_set(sales: Dataset, champion: ModelCard) -> Rule:
    ours, its = sales.definition.name, str(champion.data.get("name"))
    absent = [n for n in champion.schema.names if n not in sales.schema.names]
    said = f"these are sales of {ours!r}, the champion was made of {its!r}" + (
        f", and they lack its columns {absent}" if absent else ""
    )
    return Rule("data_set", ours == its and not absent, ours, its, said)


def lost(sales: Dataset, champion: ModelCard) -> int:
    """Return how many of the sales that a champion learnt from are not there."""
    still = len(sales) - len(later(sales, champion))
    return max(int(champion.data.get("sales", 0)) - still, 0)


def _still_there(sales: Dataset, champion: ModelCard, fewer: str | None) -> Rule:
    its, gone = int(champion.data.get("sales", 0)), lost(sales, champion)
    share = _percent(1 - gone / its) if its else 100.0
    bound = f"at least {_STILL_THERE:.0%}"
    said = (
        f"up to {champion.as_of} there are {its - gone:,} of the {its:,} sales that "
        f"the champion learnt from: {share} %; {bound} must still be there"
    )
    held = share >= 100 * _STILL_THERE
    return _accepted(Rule("truncated", held, share, bound, said), fewer)


def _accepted(rule: Rule, fewer: str | None) -> Rule:
    """Return a rule about fewer sales as kept where a person said why they are."""
    if rule.held:
        return rule
    if fewer is None:
        told = f"{rule.said}; if that is meant, retrain with --accept-fewer REASON"
        return replace(rule, said=told)
    return replace(rule, held=True, said=f"{rule.said}; accepted: {fewer}")


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
