"""Sales as they are given and as they are sent."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any, TypedDict

from . import houses
from .errors import WrongHouse
from .houses import House, Row


class Sale(TypedDict, total=False):
    """What a house was sold for: it has `prediction_id`, `property_id` or `input`.

    Attributes:
        price: Price paid, in the currency of the model.
        sold_on: Day of the sale, such as `2026-01-31` or a `date`.
        prediction_id: Of the prediction that priced the house.
        property_id: Your id of the property that was sold.
        input: The house, as it would be submitted.
    """

    price: float
    sold_on: str | date
    prediction_id: str
    property_id: str
    input: House | Row


def body(sales: Iterable[Sale]) -> str:
    """Return the JSON that tells sales; None and NaN in houses are left out.

    Raises:
        WrongHouse: JSON cannot hold all of it.
    """
    told = [
        {**one, "input": houses.present(one["input"])} if "input" in one else {**one}
        for one in sales
    ]
    try:
        return json.dumps({"outcomes": told}, default=_plain, allow_nan=False)
    except (AttributeError, TypeError, ValueError) as error:
        raise WrongHouse(f"JSON cannot hold these sales: {error}") from None


def _plain(value: Any) -> Any:
    # The scalars of NumPy have an `item`; the times of pandas are dates, too.
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else value.item()
