"""In which respects a house is unlike all sales.

A price for such a house is a guess: the flags say so in words that its owner
understands. Ranges of single features catch units and typing errors; the distance to
the nearest sales catches combinations that none of them has, and places without sales.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sklearn.pipeline import Pipeline

from model_store.card import Profile
from model_store.recipe.columns import Columns
from model_store.schema import Feature, Schema, plain

Code = Literal[
    "below_sales",
    "above_sales",
    "unknown_category",
    "missing",
    "unlike_sales",
    "far_from_sales",
]

#: From here on a number is told without decimals.
_SIX_DIGITS = 1e6


def categories(model: Pipeline, schema: Schema) -> dict[str, list[str]]:
    """Return the categories that the sales have, by feature."""
    names = Columns.of(schema).categories
    if not names:
        return {}
    encoder = model["columns"].named_transformers_["levels"]
    return {
        name: [one for one in found if isinstance(one, str)]
        for name, found in zip(names, encoder.categories_, strict=True)
    }


class Flagging:
    """Tells in which respects a house is unlike the sales.

    Args:
        profile: Of the sales.
        schema: What a house is.
        known: The categories that the sales have, by feature.
    """

    def __init__(
        self, profile: Profile, schema: Schema, known: Mapping[str, Sequence[str]]
    ) -> None:
        self._unlikeness = profile.unlikeness
        self._remoteness = profile.remoteness
        pairs = list(zip(schema.features, profile.features, strict=True))
        self._numbers = [
            _Usual(feature, one.low, one.high, may_miss=one.missing > 0)
            for feature, one in pairs
            if one.low is not None and one.high is not None
        ]
        self._categories = [
            (feature.name, frozenset(known[feature.name]), one.missing > 0)
            for feature, one in pairs
            if feature.kind == "category"
        ]

    def flags(
        self, house: Mapping[str, Any], unlikeness: float, remoteness: float
    ) -> list[dict[str, Any]]:
        """Return the flags of a house, none if it is like the sales.

        Args:
            house: Values by feature.
            unlikeness: As in `Neighbours`.
            remoteness: As in `Neighbours`, km.
        """
        get = house.get
        found = [
            usual.flag(get(usual.name))
            for usual in self._numbers
            if not usual.holds(get(usual.name))
        ]
        for name, known, may_miss in self._categories:
            value = get(name)
            if value not in known and not (value is None and may_miss):
                found.append(_category_flag(name, value))
        # What is plainly wrong makes a house unlike all others: that is told once.
        if not found and unlikeness > self._unlikeness:
            detail = (
                "No sale is much like this house: each value is usual, but not all of "
                "them together. Check them, above all the units."
            )
            found.append(_flag(None, "unlike_sales", None, detail))
        if not found and remoteness > self._remoteness:
            detail = f"The nearest comparable sale is {remoteness:,.1f} km away."
            found.append(_flag(None, "far_from_sales", round(remoteness, 3), detail))
        return found


class _Usual:
    """The usual values of a number."""

    __slots__ = ("_feature", "_high", "_low", "_may_miss", "_year", "name")

    def __init__(
        self, feature: Feature, low: float, high: float, *, may_miss: bool
    ) -> None:
        self.name = feature.name
        self._feature = feature
        self._low = low
        self._high = high
        self._may_miss = may_miss
        self._year = feature.unit == "year"

    def holds(self, value: float | None) -> bool:
        if value is None or (self._year and value == 0):
            return self._may_miss
        return self._low <= value <= self._high

    def flag(self, value: float | None) -> dict[str, Any]:
        if value is None or (self._year and value == 0):
            return _missing_flag(self.name, value)
        code: Code = "below_sales" if value < self._low else "above_sales"
        unit = "" if self._year or not self._feature.unit else f" {self._feature.unit}"
        low, high = (self._told(bound) for bound in (self._low, self._high))
        return _flag(
            self.name,
            code,
            # However it was written: 2 and 2.0 are one value, so they have one answer.
            plain(value),
            f"{self.name} is {self._told(value)}{unit}; 999 of 1,000 sales have {low} "
            f"to {high}{unit}. Check the value and its unit.",
        )

    def _told(self, value: float) -> str:
        if self._year:
            return f"{value:.0f}"
        whole = float(value).is_integer() or abs(value) >= _SIX_DIGITS
        return f"{value:,.0f}" if whole else f"{value:,.6g}"


def _flag(feature: str | None, code: Code, value: Any, detail: str) -> dict[str, Any]:
    return {"feature": feature, "code": code, "value": value, "detail": detail}


def _missing_flag(name: str, value: float | None) -> dict[str, Any]:
    value = None if value is None else 0
    found = "missing" if value is None else f"{value}, which means none"
    detail = f"{name} is {found}; every sale has it. Give it, or expect a rough price."
    return _flag(name, "missing", value, detail)


def _category_flag(name: str, value: str | None) -> dict[str, Any]:
    if value is None:
        return _missing_flag(name, None)
    detail = f"No sale has {name} {value!r}: check it, or expect a rough price."
    return _flag(name, "unknown_category", value, detail)
