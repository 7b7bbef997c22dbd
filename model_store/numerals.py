"""Numbers as people write them."""

import re

import numpy as np
import pandas as pd


def parse(cells: pd.Series, decimal: str, thousands: str | None) -> pd.Series:
    """Return texts as numbers, NaN where one is none, or is beyond all numbers.

    Strict: "1.5" is no number where the point stands between thousands.

    Args:
        cells: Texts, missing ones NaN.
        decimal: Between the whole and the rest of a number.
        thousands: Between groups of three digits; None where they are not grouped.
    """
    point = re.escape(decimal)
    plain = rf"[+-]?(?:\d+(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"
    if thousands is not None:
        group = re.escape(thousands)
        plain = rf"(?:[+-]?\d{{1,3}}(?:{group}\d{{3}})+(?:{point}\d+)?|{plain})"
    text = cells.astype(str).str.strip()
    known = cells.notna() & text.str.fullmatch(plain)
    if thousands is not None:
        text = text.str.replace(thousands, "", regex=False)
    if decimal != ".":
        text = text.str.replace(decimal, ".", regex=False)
    found = pd.to_numeric(text.where(known, np.nan), errors="coerce").astype(np.float64)
    return found.where(np.isfinite(found), np.nan)
