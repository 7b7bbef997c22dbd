"""Laws of tables whose columns are called otherwise."""

import io

import click
import pytest

from api.commands import foreign_columns

ASKED = {"custom_id": "parcel", "sqft_living": "living, area"}


@pytest.mark.parametrize(
    ("table", "line"),
    [
        (b'parcel,"living, area"\n1,2\n', b"custom_id,sqft_living\n"),
        (b"parcel;living, area;a;b\r\n1;2;3;4\r\n", b"custom_id;sqft_living;a;b\r\n"),
        (b"\xef\xbb\xbfliving, area\tparcel\tx\n", b"sqft_living\tcustom_id\tx\n"),
    ],
)
def test_the_first_line_is_written_as_the_model_calls_it(
    table: bytes, line: bytes
) -> None:
    """In its own form; what follows is left as it is."""
    file = io.BytesIO(table)

    assert foreign_columns.first_line(file, "a.csv", ASKED) == line
    assert file.read() == table.partition(b"\n")[2]


def test_a_line_that_says_what_parts_cells_stays_before_the_names() -> None:
    """As Excel reads it, and the API."""
    file = io.BytesIO(b"\xef\xbb\xbfsep=;\r\nparcel;living, area;x\r\n1;2;3\r\n")

    first = foreign_columns.first_line(file, "a.csv", ASKED)

    assert first == b"\xef\xbb\xbfsep=;\r\ncustom_id;sqft_living;x\r\n"
    assert file.read() == b"1;2;3\r\n"


def test_two_columns_may_change_places() -> None:
    """Each is then called as the other was."""
    file = io.BytesIO(b"a,b\n")

    assert foreign_columns.first_line(file, "a.csv", {"a": "b", "b": "a"}) == b"b,a\n"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (b"", "must name columns"),
        (b"parcel\n", "has no column 'living, area'"),
        (b"parcel,parcel\n", "two columns are called 'parcel'"),
        (b'"parcel\nid",x\n', "line 1"),
        (b"p" * 70_000, "more than 65536 bytes"),
        (b'parcel,"living, area",custom_id\n', "a column 'custom_id' beside 'parcel'"),
    ],
)
def test_a_table_whose_columns_are_not_these_is_told(table: bytes, told: str) -> None:
    """With the name of the file."""
    with pytest.raises(click.UsageError, match=told) as refused:
        foreign_columns.first_line(io.BytesIO(table), "a.csv", ASKED)

    assert "a.csv" in refused.value.message
