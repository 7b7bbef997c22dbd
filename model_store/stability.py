"""How far what is counted now lies from what was expected, and whether that is chance.

Two measures of a difference between shares: the population stability index, which is
the symmetric Kullback-Leibler divergence of the bins, and Kolmogorov and Smirnov's
distance, which is the widest gap between the shares up to each bin. Few houses differ
from the sales by chance alone, so each has a limit that shrinks as houses come; a limit
has a floor too, below which a difference is real and does not matter.

docs/decisions/0032-drift.md says where the limits come from.
"""

import itertools
import math
from collections.abc import Sequence
from statistics import NormalDist

#: Chance that one look at one feature takes noise for a change.
CHANCE = 1e-6
#: Index and distance up to which a change does not matter.
LEAST_PSI, LEAST_KS = 0.1, 0.1
#: The same of the share of houses that lack a feature, or whose category is not known.
LEAST_SHARE = 0.05
#: Least share that is expected of anything: what no sale has may still be.
_RARE = 0.002

_Z = NormalDist().inv_cdf(1 - CHANCE)


def psi(expected: Sequence[float], counts: Sequence[int]) -> float:
    """Return the population stability index of counts; 0 without any.

    One house more is counted for each bin, spread as is expected: an empty bin would
    else be an infinite change.

    Args:
        expected: Share of each bin, adding up to 1, each over 0.
        counts: Houses in each bin.
    """
    bins = len(expected)
    total = sum(counts) + bins
    pairs = [
        ((count + bins * share) / total, share)
        for count, share in zip(counts, expected, strict=True)
    ]
    return sum((now - then) * math.log(now / then) for now, then in pairs)


def psi_limit(bins: int, houses: int, sales: int) -> float:
    """Return the index up to which a difference is chance, or does not matter.

    Without a change the index, divided by 1/houses + 1/sales, is distributed as chi
    squared with one degree of freedom less than bins (Yurdakul and Naranjo, Statistical
    properties of the population stability index, 2020).
    """
    noise = _chi_squared(bins - 1) * _noise(houses, sales)
    return max(LEAST_PSI, noise)


def ks(expected: Sequence[float], counts: Sequence[int]) -> float:
    """Return the widest gap between the shares up to each bin; 0 without any counts."""
    total = sum(counts)
    if not total:
        return 0.0
    now = itertools.accumulate(count / total for count in counts)
    then = itertools.accumulate(expected)
    return max(abs(a - b) for a, b in zip(now, then, strict=True))


def ks_limit(houses: int, sales: int) -> float:
    """Return the gap up to which a difference is chance, or does not matter.

    Kolmogorov's own bound for values that are all different; of bins it is on the safe
    side.
    """
    noise = math.sqrt(math.log(2 / CHANCE) / 2 * _noise(houses, sales))
    return max(LEAST_KS, noise)


def share_differs(expected: float, count: int, houses: int) -> bool:
    """Tell whether a share is another than is expected, by more than chance.

    By Chernoff's bound on the tails of a binomial count, which holds for any number of
    houses.
    """
    if not houses:
        return False
    now = count / houses
    then = min(max(expected, _RARE), 1 - _RARE)
    if abs(now - then) <= LEAST_SHARE:
        return False
    return houses * _divergence(now, then) > math.log(1 / CHANCE)


def _divergence(now: float, then: float) -> float:
    """Return the Kullback-Leibler divergence of two shares."""
    return sum(
        a * math.log(a / b) for a, b in ((now, then), (1 - now, 1 - then)) if a > 0
    )


def _chi_squared(freedom: int) -> float:
    """Return the value that chi squared passes by `CHANCE`, after Wilson and Hilferty.

    Here it is on the safe side: 15 % too high for one degree of freedom, 3 % for nine.
    """
    part = 2 / (9 * freedom)
    return freedom * float((1 - part + _Z * math.sqrt(part)) ** 3)


def _noise(houses: int, sales: int) -> float:
    return 1 / max(houses, 1) + (1 / sales if sales else 0)
