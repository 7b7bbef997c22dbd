"""What the sales look like that a model was fitted to."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model_store.card import FeatureProfile, Profile
from model_store.recipe.binning import binned
from model_store.recipe.comparables import Neighbours
from model_store.schema import Feature, Schema

Floats = NDArray[np.float64]

#: Shares of the sales between which a value counts as usual.
_USUAL = (0.0005, 0.9995)
#: Share of the sales that have a neighbour more like them than what is flagged.
_LIKE = 0.995
#: Share of the sales that have a neighbour nearer to them than what is flagged.
_NEAR = 0.999
#: Shares at which a profile keeps values, for comparison with what comes later.
_DECILES = tuple(i / 10 for i in range(11))
#: Categories whose shares are kept, the most frequent ones.
_MOST_CATEGORIES = 100


def profile(schema: Schema, houses: pd.DataFrame, neighbours: Neighbours) -> Profile:
    """Return the profile of sales.

    Args:
        schema: What the columns are.
        houses: One row a sale.
        neighbours: Of the same sales.
    """
    return Profile(
        tuple(_profiled(feature, houses[feature.name]) for feature in schema.features),
        unlikeness=_least_flagged(neighbours.unlikeness, _LIKE),
        remoteness=_least_flagged(neighbours.remoteness, _NEAR),
        sales=len(houses),
    )


def _least_flagged(distances: Floats, share: float) -> float:
    known = distances[~np.isnan(distances)]
    return float(np.quantile(known, share)) if len(known) else 0.0


def _profiled(feature: Feature, column: pd.Series) -> FeatureProfile:
    if feature.kind == "category":
        shares = column.value_counts(normalize=True).head(_MOST_CATEGORIES)
        return FeatureProfile(
            feature.name,
            float(column.isna().mean()),
            shares={str(name): round(share, 6) for name, share in shares.items()},
        )
    values = column.to_numpy(np.float64)
    absent = np.isnan(values) | ((feature.unit == "year") & (values == 0))
    known = values[~absent]
    if not len(known):
        return FeatureProfile(feature.name, 1.0)
    # Values of real sales, the outer ones: between two of them lies no real house.
    low = float(np.quantile(known, _USUAL[0], method="lower"))
    high = float(np.quantile(known, _USUAL[1], method="higher"))
    deciles = tuple(np.quantile(known, _DECILES).tolist())
    return FeatureProfile(
        feature.name, float(absent.mean()), low, high, deciles, bins=binned(known)
    )
