"""In which format dates are written."""

import pandas as pd

from model_store.errors import DatasetError

#: Formats that are looked for, the plainest first.
FORMATS = (
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y%m%dT%H%M%S",
    "%Y%m%d",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%Y-%m",
)

#: Dates from 1954 to 2119 as days since 1900.
_COUNTED = r"[2-7]\d{4}(\.\d+)?"


def find(cells: pd.Series) -> str:
    """Return the format of a column of dates.

    Args:
        cells: Texts, none missing.

    Raises:
        DatasetError: No format fits all of them, or two fit and mean other days.
    """
    texts = pd.Series(cells.astype(str).unique())
    read = {one: _read(texts, one) for one in FORMATS}
    fits = [one for one, days in read.items() if days.notna().all()]
    if not fits:
        raise DatasetError(_why_none(texts, read))
    for other in fits[1:]:
        differ = read[fits[0]] != read[other]
        if differ.any():
            days = [read[one][differ].iloc[0].date() for one in (fits[0], other)]
            raise DatasetError(
                f"dates such as {texts[differ].iloc[0]!r} may be {days[0]} or "
                f"{days[1]}: say which with --date-format '{fits[0]}' or "
                f"--date-format '{other}'"
            )
    return fits[0]


def are_dates(cells: pd.Series) -> bool:
    """Tell whether a column, none of it missing, holds nothing but dates."""
    texts = pd.Series(cells.astype(str).unique())
    if texts.str.fullmatch(r"[+-]?\d+").all():
        return False
    few = texts.head(20)
    return any(
        _read(few, one).notna().all() and _read(texts, one).notna().all()
        for one in FORMATS
    )


def _read(texts: pd.Series, form: str) -> pd.Series:
    return pd.to_datetime(texts, format=form, errors="coerce")


def _why_none(texts: pd.Series, read: dict[str, pd.Series]) -> str:
    best = max(FORMATS, key=lambda one: int(read[one].notna().sum()))
    rest = read[best].isna()
    first = texts[rest].iloc[0]
    if rest.all() and texts.str.fullmatch(_COUNTED).all():
        return (
            f"{first!r} is a count of days, as Excel keeps dates: format the column as "
            "dates such as 2024-03-31 there, and save the table again"
        )
    if rest.all():
        return (
            f"{first!r} is no date in a format that is known; expected one such as "
            "2024-03-31, 31.03.2024 or 03/31/2024, or say it with --date-format"
        )
    other = max(FORMATS, key=lambda one: int((read[one].notna() & rest).sum()))
    mixed = texts[rest & read[other].notna()]
    if len(mixed):
        return (
            f"dates are written in two formats, such as {texts[~rest].iloc[0]!r} and "
            f"{mixed.iloc[0]!r}; write all of them in one, best as YYYY-MM-DD"
        )
    return (
        f"{first!r} is no date, while others are, such as {texts[~rest].iloc[0]!r}; "
        "mend it or take its row out"
    )
