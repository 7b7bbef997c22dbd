"""Columns that must not price a house: they know its price, or tell of people."""

import re
from itertools import permutations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model_store.intake.variance import by_rank_groups

Floats = NDArray[np.float64]

#: What the names of columns hold that follow from the price or its estimate.
_LEAKS = {
    r"apprais|assess(ed|ment)|valuation|zestimate|\bavm\b|estimat|schaetz|"
    r"verkehrswert|taxat": "an appraisal or an estimate",
    r"\b(list|listing|ask|asking|offer|offered)\b|angebot|inserat": "what was asked",
    r"\b(tax|taxes|steuer|duty|stamp)\b|grunderwerb": "a tax, which follows the price",
    r"\bper (m2|sqm|qm|sq ?ft|ft2|sf|square)\b|\bppsf\b|\bpsf\b|quadratmeterpreis": (
        "a price by area"
    ),
    r"\b(loan|mortgage|commission|kredit)\b": ("a sum that follows the price"),
    r"\bprices?\b|preis\b|kaufpreis": "another price",
}
#: What stands for letters that only some have.
UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
)
_PEOPLE = re.compile(
    r"^name$|\b(owner|buyer|seller|vendor|customer|client|tenant|agent|broker|notary|"
    r"((first|last|full|family|middle) ?name)|surname|e ?mail|mail|phone|telephone|tel|"
    r"mobile|fax|ssn|iban|contact|kunde|kaeufer|verkaeufer|eigentuemer|makler|"
    r"telefon|nachname|vorname)\b"
)
_EMAIL = r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}"
_PHONE = r"\+?\(?\d[\d ()/.-]{6,18}\d"
#: Share of cells that look like such.
_MOSTLY = 0.5

#: Share of the variance of log prices that no property of a house explains alone.
_TOO_GOOD = 0.95
#: Spread of log price less those of two columns below which one is made from the price.
_IDENTITY = 0.02


def words(column: str) -> str:
    """Return the name of a column as lower-case words."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.translate(UMLAUTS))
    return re.sub(r"[^0-9a-z]+", " ", spaced.replace("²", "2").lower()).strip()


def leak_by_name(column: str) -> str | None:
    """Return what a column tells of the price, by its name."""
    plain = words(column)
    return next((told for one, told in _LEAKS.items() if re.search(one, plain)), None)


def personal(column: str, cells: pd.Series) -> str | None:
    """Return why a column tells of people.

    Args:
        column: Its name.
        cells: Texts, none missing.
    """
    if _PEOPLE.search(words(column)):
        return "its name says that it tells of people"
    texts = cells.astype(str).head(1000)
    if texts.str.fullmatch(_EMAIL).mean() > _MOSTLY:
        return "it holds e-mail addresses"
    marked = texts.str.fullmatch(_PHONE) & texts.str.contains(r"[ +()/-]")
    if marked.mean() > _MOSTLY and texts.nunique() > len(texts) * _MOSTLY:
        return "it holds what looks like telephone numbers"
    return None


def leaks_by_value(numbers: dict[str, Floats], log_prices: Floats) -> dict[str, str]:
    """Return columns that know the price, and how they show it.

    Args:
        numbers: Columns, each of shape (n_sales,), missing NaN.
        log_prices: Shape (n_sales,).
    """
    found = {}
    for name, values in numbers.items():
        known = ~np.isnan(values)
        if known.sum() > len(values) / 2:
            share = by_rank_groups(values[known], log_prices[known])
            if share > _TOO_GOOD:
                found[name] = f"it alone explains {share:.0%} of the prices"
    positive = {
        name: np.log(values)
        for name, values in numbers.items()
        if name not in found and (values > 0).all()
    }
    for one, other in permutations(positive, 2):
        off = log_prices - positive[one] - positive[other]
        finer = len(np.unique(positive[one])) >= len(np.unique(positive[other]))
        if finer and other not in found and np.std(off) < _IDENTITY:
            found[one] = f"multiplied with {other!r} it gives the price"
    return found
