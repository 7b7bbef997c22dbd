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
    if kind == "category":
        return cell
    # Most cells of a table are such numbers, and many rows wait.
    if len(cell) <= _DIGITS and cell.isascii() and cell.isdecimal():
        return int(cell)
    if not _NUMBER.fullmatch(cell.strip()):
        return cell
    number = float(cell)
    if not math.isfinite(number):
        return cell
    is_whole = number.is_integer() and abs(number) < _LARGE
    return int(number) if is_whole else number
