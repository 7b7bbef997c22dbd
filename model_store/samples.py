"""Houses that travel with a model: to show, and to prove that it still prices alike."""

from typing import Any

import numpy as np

from model_store.dataset import Dataset

#: Real houses among the parity rows; houses with gaps come on top.
PARITY_SALES = 62

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
    """Return real houses, and houses with values that are unknown or missing.

    Each feature is missing once alone and all of them once together.
    """
    count = min(PARITY_SALES, len(dataset))
    rows = np.linspace(0, len(dataset) - 1, count).astype(int)
    houses = [dataset.house(int(row)) for row in rows]
    unknown = {
        feature.name: "\N{REPLACEMENT CHARACTER}"
        for feature in dataset.schema.features
        if feature.kind == "category"
    }
    gaps = [{**houses[0], name: None} for name in dataset.schema.names]
    empty = dict.fromkeys(dataset.schema.names)
    return (*houses, {**houses[0], **unknown}, {**empty, **unknown}, empty, *gaps)
