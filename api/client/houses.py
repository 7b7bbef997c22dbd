"""Houses as they are given and as they are sent."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypedDict, TypeGuard

from .errors import WrongHouse

House = Mapping[str, Any]


class Row(Protocol):
    """A house as a Series of pandas holds it."""

    def to_dict(self) -> Mapping[Any, Any]:
        """Return the values by feature."""


class Options(TypedDict, total=False):
    """What is asked for beside the house.

    Attributes:
        version: Alias or id of the model version; `champion` if it is not said.
        explain: Whether the price comes with its reasons.
        metadata: Comes back with the prediction.
        deadline: Seconds after which the prediction is canceled.
        webhook: URL that the events of the prediction are sent to, as
            `verify_webhook` checks them.
        webhook_events_filter: Which events: `start`, `completed`; the latter if it is
            not said.
    """

    version: str
    explain: bool
    metadata: Mapping[str, str]
    deadline: float
    webhook: str
    webhook_events_filter: Sequence[str]


def is_house(given: Any) -> TypeGuard[House | Row]:
    """Tell one house from several; a table can be converted, too, but also joined."""
    is_row = hasattr(given, "to_dict") and not hasattr(given, "assign")
    return is_row or isinstance(given, Mapping)


def body(house: Any, options: Mapping[str, Any]) -> str:
    """Return the JSON of a submit; None and NaN in the house are left out.

    Raises:
        WrongHouse: It is no house, or JSON cannot hold all of it.
    """
    given = present(house)
    try:
        return _json({**options, "input": given})
    except _UNWRITABLE:
        raise _wrong({**options, **given}) from None


def present(house: Any) -> dict[Any, Any]:
    """Return what is given of a house.

    Raises:
        WrongHouse: It is none.
    """
    if not is_house(house):
        raise WrongHouse(f"a house maps features to values, a {_kind(house)} does not")
    values = house if isinstance(house, Mapping) else _values(house)
    return {name: value for name, value in values.items() if is_there(value)}


def checked_key(key: str) -> str:
    """Return an idempotency key.

    Raises:
        ValueError: No header can hold it.
    """
    if not (key.isascii() and key.isprintable()):
        raise ValueError("an idempotency key is one line of ASCII")
    return key


def is_there(value: Any) -> bool:
    """Tell whether a value is given: None, NaN, NaT and NA are not."""
    return isinstance(value, str) or str(value) not in {"None", "nan", "NaT", "<NA>"}


def whole(value: Any) -> Any:
    """Return 3.0 as 3: pandas keeps whole numbers as floats beside a gap."""
    is_whole = isinstance(value, float) and value.is_integer()
    return int(value) if is_whole else value


#: What the JSON encoder raises, and `item` where there is none or more than one.
_UNWRITABLE = (AttributeError, TypeError, ValueError)


def _json(document: Any) -> str:
    # The scalars of NumPy have an `item`.
    return json.dumps(document, default=lambda one: one.item(), allow_nan=False)


def _values(row: Row) -> dict[Any, Any]:
    return {name: whole(value) for name, value in row.to_dict().items()}


def _wrong(members: Mapping[Any, Any]) -> WrongHouse:
    """Return what tells the first member that JSON cannot hold."""
    for name, value in members.items():
        try:
            _json({name: value})
        except _UNWRITABLE:
            told = f"JSON cannot hold {name!r}, a {_kind(value)}: {value!r:.60}"
            return WrongHouse(told, str(name))
    return WrongHouse("JSON cannot hold this house")


def _kind(value: Any) -> str:
    return type(value).__name__
