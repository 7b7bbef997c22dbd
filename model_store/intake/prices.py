"""In which currency prices are, and how it stands beside them."""

import pandas as pd

from model_store.errors import DatasetError

#: ISO 4217 codes by what people write.
_CODES = {
    "$": "USD",
    "US$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "zł": "PLN",
    "kr": "SEK",
    "Fr.": "CHF",
} | {
    code: code
    for code in (
        *("USD", "EUR", "GBP", "CHF", "CAD", "AUD", "NZD", "JPY", "CNY", "INR", "BRL"),
        *("SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "TRY", "ZAR", "SGD", "HKD"),
        *("AED", "MXN", "ILS", "KRW"),
    )
}
_NOT_A_SIGN = r"[\d.,'\s+-]"


def sign_of(cells: pd.Series, column: str) -> str:
    """Return what stands beside each price, empty where nothing does.

    Args:
        cells: Texts, none missing; the index is the row.
        column: Name of the column.

    Raises:
        DatasetError: It is not the same everywhere.
    """
    signs = cells.str.replace(_NOT_A_SIGN, "", regex=True)
    found = signs.drop_duplicates()
    if len(found) == 1:
        return str(found.iloc[0])
    told = " and ".join(
        f"{cells[row]!r} in line {int(row) + 2}" for row in found.index[:3]
    )
    if all(sign in _CODES or not sign for sign in found):
        raise DatasetError(
            f"column {column!r} holds prices in more than one currency: {told}; bring "
            "them to one, and write plain numbers"
        )
    raise DatasetError(
        f"column {column!r} holds texts among its prices: {told}; mend it"
    )


def currency_of(sign: str, others: pd.DataFrame) -> str | None:
    """Return the currency of all prices; None where nothing tells it.

    Args:
        sign: What stands beside each.
        others: The other columns, texts.

    Raises:
        DatasetError: A column says that there are several.
    """
    for name, cells in others.items():
        codes = sorted(
            {str(one).strip().upper() for one in cells.dropna().unique()[:50]}
        )
        if codes and all(code in _CODES for code in codes):
            if len(codes) > 1:
                raise DatasetError(
                    f"column {name!r} says that prices are in {', '.join(codes)}; "
                    "bring them to one currency, or make a table of each market"
                )
            return _CODES[codes[0]]
    return _CODES.get(sign)
