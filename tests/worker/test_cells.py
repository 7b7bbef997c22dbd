"""A cell of a table is read as JSON would write it, or left for a refusal to quote."""

import pytest

from worker import cells


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("3", 3),
        (" 3 ", 3),
        ("+3", 3),
        ("3.0", 3),
        ("007", 7),
        ("2.25", 2.25),
        ("-122.4", -122.4),
        (".5", 0.5),
        ("-.5", -0.5),
        ("5.", 5),
        ("-0.0", 0),
        ("-3", -3),
        ("1e3", 1000),
        ("123456789012345", 123456789012345),
        ("12345678901234567", 12345678901234568),
    ],
)
def test_a_number_is_read_however_a_spreadsheet_writes_it(
    cell: str, value: float
) -> None:
    """A whole one is an integer, for a feature that is one takes no other."""
    found = cells.value(cell, "number")

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("cell", ["1e20", "99999999999999999999", "-1e300"])
def test_a_number_that_is_too_long_for_an_integer_stays_one_with_a_fraction(
    cell: str,
) -> None:
    """Whoever writes it as JSON has no more than 64 bits for an integer."""
    found = cells.value(cell, "integer")

    assert type(found) is float
    assert found == float(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "many",
        "1_000",
        "1,5",
        "1.2.3",
        "--1",
        ".",
        "-",
        ".-5",
        "nan",
        "inf",
        "1e999",
        "9" * 400,
        "٣",
        "²",
        "",
    ],
)
def test_what_is_no_number_is_left_as_it_stands(cell: str) -> None:
    """The refusal quotes it."""
    assert cells.value(cell, "integer") == cell


def test_a_category_is_text_even_where_it_looks_like_a_number() -> None:
    """A postcode keeps its zeros."""
    assert cells.value("02134", "category") == "02134"
