"""Houses that travel with a model: to show, and to prove that it still prices alike."""

from typing import Any

import numpy as np

from model_store.dataset import Dataset

#: Real houses among the parity rows; houses with gaps come on top.
PARITY_SALES = 62

#: Categories of a feature among them, at most, the most frequent ones.
PARITY_CATEGORIES = 300

#: Sales shown on the card.
EXAMPLES = 5


def examples(test: Dataset) -> tuple[dict[str, Any], ...]:
    """Return sales of the test period from cheap to dear, one a price quintile."""
    by_price = np.argsort(test.prices, kind="stable")
    count = min(EXAMPLES, len(test))
    at = [int(by_price[len(test) * (2 * i + 1) // (2 * count)]) for i in range(count)]
    return tuple(
        {
            "house": test.house(row),
            "sold_for": round(float(test.prices[row])),
            "sold_on": str(test.dates[row]),
        }
        for row in at
    )


def parity(dataset: Dataset) -> tuple[dict[str, Any], ...]:
    """Return real houses, and houses with values that are rare, unknown or missing.

    Each category is there once, each feature is missing once alone and all of them once
    together.
    """
    count = min(PARITY_SALES, len(dataset))
    rows = np.linspace(0, len(dataset) - 1, count).astype(int)
    houses = [dataset.house(int(row)) for row in rows]
    unknown = {
        feature.name: "\N{REPLACEMENT CHARACTER}"
        for feature in dataset.schema.features
        if feature.kind == "category"
    }
    each = [
        {**houses[0], feature.name: category}
        for feature in dataset.schema.features
        if feature.kind == "category"
        for category in _frequent(dataset, feature.name)
    ]
    gaps = [{**houses[0], name: None} for name in dataset.schema.names]
    empty = dict.fromkeys(dataset.schema.names)
    odd = ({**houses[0], **unknown}, {**empty, **unknown}, empty)
    return (*houses, *odd, *gaps, *each)


def _frequent(dataset: Dataset, name: str) -> list[str]:
    frequent = dataset.houses[name].value_counts().index[:PARITY_CATEGORIES]
    return [str(category) for category in frequent]
