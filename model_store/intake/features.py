"""Features made of columns: their names, units, bounds and examples."""

import math
import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel

from model_store.intake.kinds import Finding
from model_store.intake.suspects import UMLAUTS, words
from model_store.schema import Feature, Kind, Value, plain

Floats = NDArray[np.float64]

#: Shares of the sales between which values are usual, and how far beyond them, as a
#: share of their distance, a value is still plausible.
_USUAL, _MARGIN = (0.001, 0.999), 0.5
#: Different whole numbers, at most, of a column that counts.
_MOST_COUNTS = 100
#: Years beyond those of the table.
_YEARS = 10
_RIGHT_ANGLE = 90.0
_UNITS = {
    "m2": r"\b(m2|sqm|qm|kvm|square met(er|re)s?|wohnflaeche)\b",
    "ft2": r"\b(sq ?ft|sqft|ft2|sf|square f(ee|oo)t)",
    "km": r"\bkm\b",
}
_PLACES = {"latitude": "lat", "longitude": "lon"}


def name_of(column: str, taken: str, used: Collection[str]) -> str:
    """Return what a feature is called on the wire: the column's name where it can be.

    Args:
        column: Name in the file.
        taken: What the column is taken for; places are found by their names.
        used: Names that are given already.
    """
    plain_text = unicodedata.normalize("NFKD", column.translate(UMLAUTS))
    name = re.sub(r"[^A-Za-z0-9]+", "_", plain_text.encode("ascii", "ignore").decode())
    name = column if re.fullmatch(r"[A-Za-z]\w*", column, re.ASCII) else name.strip("_")
    place = _PLACES.get(taken, "")
    prefixes = ("lat",) if taken == "latitude" else ("lon", "lng")
    if place and not name.lower().startswith(prefixes):
        name = place
    if not name or not name[0].isalpha():
        name = f"column_{name}".rstrip("_")
    if hasattr(BaseModel, name):
        name += "_"
    candidates = (name, *(f"{name}_{at}" for at in range(2, len(used) + 3)))
    return next(one for one in candidates if one not in used)


def draft(finding: Finding, name: str) -> Feature:
    """Return a feature without bounds, by which a whole table can be read."""
    kind: Kind = "category" if finding.taken == "category" else "number"
    example: Value = "" if kind == "category" else 0
    return Feature(
        name, kind, _description(finding), example, _unit(finding), required=False
    )


def finished(feature: Feature, values: pd.Series) -> Feature:
    """Return a feature with bounds, pattern and example of all its values.

    Args:
        feature: As `draft` made it.
        values: Of all sales, missing NaN.
    """
    known = values.dropna()
    missing = float(values.isna().mean())
    feature = replace(
        feature,
        description=feature.description
        + (f" Missing in {missing:.1%} of the sales." if missing else ""),
        required=not missing,
    )
    if feature.kind == "category":
        text = known.astype(str)
        return replace(
            feature, example=str(text.mode().iloc[0]), pattern=_pattern(text)
        )
    numbers = known.to_numpy(np.float64)
    low, high = _bounds(feature.unit, numbers)
    if _counts(feature.unit, numbers):
        low, high = math.floor(low), math.ceil(high)
    return replace(
        feature,
        kind="integer" if _counts(feature.unit, numbers) else "number",
        example=plain(float(np.quantile(numbers, 0.5, method="lower"))),
        minimum=plain(low),
        maximum=plain(high),
    )


def far_off(feature: Feature, values: pd.Series) -> int:
    """Return how many values lie so far from all others that they may be mistakes."""
    if feature.kind == "category" or feature.unit in ("deg", "year"):
        return 0
    known = values.dropna().to_numpy(np.float64)
    low, high = _plausible(known)
    # An area of 0 where all others have one was probably not known.
    never = float(np.quantile(known, _USUAL[0])) > 0
    return int(((known < low) | (known > high) | ((known == 0) & never)).sum())


def _counts(unit: str | None, numbers: Floats) -> bool:
    """Tell whether whole numbers count something, and are no measure cut short."""
    few = len(np.unique(numbers)) <= _MOST_COUNTS
    return (unit == "year" or few) and bool((numbers % 1 == 0).all())


def _description(finding: Finding) -> str:
    if finding.taken in _PLACES:
        return f"{finding.taken.capitalize()}."
    told = finding.column.replace("_", " ")
    return f"{told[:1].upper()}{told[1:]}."


def _unit(finding: Finding) -> str | None:
    if finding.taken in _PLACES:
        return "deg"
    if finding.taken != "number":
        return "year" if finding.taken == "year" else None
    plain_name = words(finding.column)
    return next((u for u, one in _UNITS.items() if re.search(one, plain_name)), None)


def _bounds(unit: str | None, numbers: Floats) -> tuple[float, float]:
    least, most = float(numbers.min()), float(numbers.max())
    if unit == "deg":
        wide = _RIGHT_ANGLE if max(-least, most) <= _RIGHT_ANGLE else 2 * _RIGHT_ANGLE
        return -wide, wide
    if unit == "year":
        lived = numbers[numbers != 0]
        first = 0.0 if len(lived) < len(numbers) else float(lived.min()) - _YEARS
        return first, float(lived.max()) + _YEARS
    low, high = _plausible(numbers)
    # What was sold is a house, however odd: the owner of the table may know better.
    return min(_outwards(low, math.floor), least), max(_outwards(high, math.ceil), most)


def _plausible(numbers: Floats) -> tuple[float, float]:
    low, high = (float(np.quantile(numbers, share)) for share in _USUAL)
    margin = (high - low) * _MARGIN
    least = max(low - margin, 0.0) if numbers.min() >= 0 else low - margin
    return least, high + margin


def _outwards(number: float, rounded: Callable[[float], int]) -> float:
    """Return a number that is no nearer to zero's other side, with two digits."""
    if number == 0:
        return 0.0
    digits = math.floor(math.log10(abs(number))) - 1
    return round(rounded(number / 10.0**digits) * 10.0**digits, -digits)


def _pattern(texts: pd.Series) -> str | None:
    """Return the pattern of codes that have the same number of digits, such as zips."""
    digits = len(texts.iloc[0])
    shaped = digits > 1 and texts.str.fullmatch(rf"[0-9]{{{digits}}}").all()
    return rf"^[0-9]{{{digits}}}$" if shaped else None
