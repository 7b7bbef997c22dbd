"""Groups of archived predictions, and how many of each a sample has (Cochran 1977)."""

import json
from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from model_store.archive.archive import Archive
from model_store.errors import ArchiveError
from model_store.recipe.evaluation import fifths

#: Ids of predictions by the name of their stratum, in the order of the names.
Strata = Mapping[str, list[str]]

#: Fifths by the price given: `1` the cheapest.
PRICE_QUINTILE = "price_quintile"
#: Stratum of houses that came without the category: they are to be reviewed too.
NOT_GIVEN = "(not given)"


def of(archive: Archive, version: str | None, by: str | None) -> Strata:
    """Return the priced predictions of an archive by stratum; see `review.draw`."""
    if by is None:
        return {"": archive.predictions.priced_ids(version)}
    if by == PRICE_QUINTILE:
        return _by_price(archive, version)
    return _by_category(archive, version, by)


def expect_enough(sizes: Mapping[str, int], count: int, by: str | None) -> None:
    """Refuse a sample that cannot have a prediction of each stratum.

    Raises:
        ArchiveError: It is too small.
    """
    if count < len(sizes):
        raise ArchiveError(
            f"--n {count}: {by} has {len(sizes)} values; expected at least as many, "
            "one prediction of each, or --allocation proportional"
        )


def equal(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """Return as many of each stratum; where one has too few, the others have more."""
    shares, left = dict.fromkeys(sizes, 0), min(count, sum(sizes.values()))
    while left:
        unfilled = [name for name in sizes if shares[name] < sizes[name]]
        for name in unfilled[:left]:
            shares[name] += 1
        left -= len(unfilled[:left])
    return shares


def proportional(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """Return of each stratum its share, by largest remainders."""
    total = sum(sizes.values())
    drawn = min(count, total)
    exact = {name: drawn * size / max(total, 1) for name, size in sizes.items()}
    shares = {name: int(share) for name, share in exact.items()}
    rest = sorted(sizes, key=lambda name: shares[name] - exact[name])
    for name in rest[: drawn - sum(shares.values())]:
        shares[name] += 1
    return shares


def _by_price(archive: Archive, version: str | None) -> Strata:
    priced = list(archive.predictions.priced(version))
    if not priced:
        return {}
    group = fifths(np.array([price for _, price, _ in priced])) + 1
    found: dict[str, list[str]] = defaultdict(list)
    for (one, _, _), at in zip(priced, group.tolist(), strict=True):
        found[str(at)].append(one)
    return dict(sorted(found.items()))


def _by_category(archive: Archive, version: str | None, by: str) -> Strata:
    found: dict[str, list[str]] = defaultdict(list)
    categories: set[str] = set()
    for one, _, text in archive.predictions.priced(version):
        house = json.loads(text)
        categories.update(k for k, value in house.items() if isinstance(value, str))
        value = house.get(by)
        found[value if isinstance(value, str) else NOT_GIVEN].append(one)
    if found and by not in categories:
        there = ", ".join([PRICE_QUINTILE, *sorted(categories)])
        raise ArchiveError(f"--by {by}: no category of the houses; there are {there}")
    return dict(sorted(found.items()))
