"""Where what is counted of priced houses stands in a row of counts.

The places follow from a model's card alone: houses and flags first, then the bins of
prices and of widths, then what is counted of each feature. So a few hundred integers
tell of any number of houses, and of none of them in particular.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from model_store.card import Bins, FeatureProfile, ModelCard
from model_store.schema import Feature

#: Places of what is counted of houses: how many, and how many with any flag.
HOUSES, FLAGGED = 0, 1
#: Code of a flag that is of a house as a whole -> its place.
OF_HOUSES = {"unlike_sales": 2, "far_from_sales": 3}
_FIRST_PRICE = 4
#: Least share of the sales of a category that has a bin of its own.
_LEAST = 0.005
#: Steps of prices and of widths where a card has none.
_PRICES = Bins(
    tuple(
        float(round(step * 10**power)) for power in (4, 5, 6) for step in (1, 2, 3, 5)
    ),
    (),
)
_WIDTHS = Bins((0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0), ())


@dataclass(frozen=True, slots=True)
class Places:
    """Where one feature, the prices or the widths are counted.

    Attributes:
        first: Place of the first bin.
        expected: Share of each bin among the sales; empty where the card tells none.
        edges: Where each bin but the first begins; empty for categories.
        categories: Category -> bin; all others share the last one.
    """

    first: int
    expected: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()
    categories: Mapping[str, int] | None = None

    @property
    def bins(self) -> int:
        """How many bins there are."""
        return len(self.edges if self.categories is None else self.categories) + 1

    @property
    def end(self) -> int:
        """The place behind the last bin."""
        return self.first + self.bins


@dataclass(frozen=True, slots=True)
class FeaturePlaces:
    """Where a feature is counted.

    Attributes:
        feature: The feature.
        profile: Its profile.
        missing: Place of how many houses lack it.
        values: The bins of those that have it.
    """

    feature: Feature
    profile: FeatureProfile
    missing: int
    values: Places

    @property
    def unknown(self) -> int:
        """Place of how many have a category that no sale has."""
        return self.missing + 1

    @property
    def flagged(self) -> int:
        """Place of how many are flagged for it."""
        return self.missing + 2


class CountLayout:
    """The places of one model version.

    Attributes:
        prices: Of its prices.
        widths: Of the widths of its ranges, as shares of the price.
        features: Of each feature, in the schema's order.
        size: How many places there are.

    Args:
        card: The version's card.
    """

    def __init__(self, card: ModelCard) -> None:
        profile = card.profile
        #: How many sales the model was fitted to; 0 where the card does not say.
        self.sales = profile.sales
        self.prices = _numbers(_FIRST_PRICE, profile.prices or _PRICES)
        self.widths = _numbers(self.prices.end, profile.widths or _WIDTHS)
        features: list[FeaturePlaces] = []
        end = self.widths.end
        for feature, one in zip(card.schema.features, profile.features, strict=True):
            features.append(FeaturePlaces(feature, one, end, _values(one, end + 3)))
            end = features[-1].values.end
        self.features = tuple(features)
        self.size = end


def _values(profile: FeatureProfile, first: int) -> Places:
    if profile.shares is not None:
        return _categories(first, profile.shares)
    return _numbers(first, profile.bins or _of_deciles(profile.deciles))


def _numbers(first: int, bins: Bins) -> Places:
    return Places(first, bins.shares, bins.edges)


def _categories(first: int, shares: Mapping[str, float]) -> Places:
    often = {name: share for name, share in shares.items() if share >= _LEAST}
    rest = max(_LEAST, 1 - sum(often.values()))
    whole = sum(often.values()) + rest
    expected = tuple(share / whole for share in (*often.values(), rest))
    categories = {name: at for at, name in enumerate(often)}
    return Places(first, expected if often else (), categories=categories)


def _of_deciles(deciles: tuple[float, ...]) -> Bins:
    """Return the bins that a card without any tells of.

    Only where all deciles differ: else nobody knows how many sales a bin holds.
    """
    steps = len(deciles) - 1
    if steps < 1 or len(set(deciles)) < len(deciles):
        return Bins((), ())
    return Bins(deciles[1:-1], (1 / steps,) * steps)
