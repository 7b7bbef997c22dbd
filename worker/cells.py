"""What a cell of a table means."""

import math
import re

#: Python reads more than this as a number: underscores, names, other digits.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
#: Digits that a number without a fraction may have, for float to have them all.
_DIGITS = 15
#: Whole numbers are smaller than this: JSON's readers have 64 bits for one.
_LARGE = 2.0**63


def value(cell: str, kind: str) -> str | int | float:
    """Return a cell as its kind is written in JSON.

    One that cannot be is sent as it stands: the API says what is wrong with it.
    """
    return cell if kind == "category" else number(cell)


def number(cell: str) -> str | int | float:
    """Return a cell as a number; one that is none as it stands."""
    # Most cells of a table are such numbers, and many rows wait.
    if len(cell) <= _DIGITS and cell.isascii():
        if cell.isdecimal():
            return int(cell)
        if cell.removeprefix("-").replace(".", "", 1).isdecimal():
            return _whole(float(cell))
    if not _NUMBER.fullmatch(cell.strip()):
        return cell
    found = float(cell)
    if not math.isfinite(found):
        return cell
    return _whole(found) if abs(found) < _LARGE else found


def _whole(number: float) -> int | float:
    return int(number) if number.is_integer() else number
