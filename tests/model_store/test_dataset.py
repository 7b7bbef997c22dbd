"""A table is what its definition says, or it is refused."""

import datetime as dt
import gzip
import hashlib

import numpy as np
import pytest

from model_store import dataset
from model_store.dataset import SHIPPED
from model_store.errors import DatasetError
from tests.model_store.conftest import Writer, other_sales

HEAD = "day,paid,area,quarter,heating,rooms\n"
GOOD = "2020-01-02,100000,50,north,gas,2\n"


def test_the_shipped_table_is_the_one_that_its_readme_tells_of() -> None:
    """Provenance is told for these bytes and no others."""
    content = (SHIPPED.parent / "king_county_sales.csv.gz").read_bytes()

    assert (
        hashlib.sha256(content).hexdigest()
        in (SHIPPED.parent / "README.md").read_text()
    )


def test_every_shipped_sale_is_a_house_that_the_service_accepts() -> None:
    """The hard limits refuse no real house, not even the one with 33 bedrooms."""
    sales = dataset.load()
    house = sales.schema.house_model()

    for row in range(len(sales)):
        house.model_validate(sales.house(row))

    assert len(sales) == 21_613
    assert (sales.first_day, sales.last_day) == (
        dt.date(2014, 5, 2),
        dt.date(2015, 5, 27),
    )


def test_the_shipped_example_house_is_valid() -> None:
    """What the documentation shows can be submitted."""
    schema = dataset.load().schema

    house = schema.house_model().model_validate(schema.example)

    assert house.model_dump(exclude_none=True) == schema.example


def test_another_market_is_loaded_by_its_definition(other_market: Writer) -> None:
    """Nothing but the definition and the table makes a data set."""
    sales = dataset.load(other_market())

    assert sales.schema.names == ("area", "quarter", "heating", "rooms")
    assert len(sales) == 400


def test_sales_are_sorted_by_date(other_market: Writer) -> None:
    """A split by date is a split by row."""
    rows = HEAD + GOOD.replace("-02,", "-09,") + GOOD + GOOD.replace("50", "60")

    sales = dataset.load(other_market(rows=rows))

    assert sales.dates.astype(str).tolist() == [
        "2020-01-02",
        "2020-01-02",
        "2020-01-09",
    ]
    assert sales.houses["area"].tolist() == [50, 60, 50]


def test_only_an_empty_cell_is_missing(other_market: Writer) -> None:
    """The category NA is a category."""
    rows = HEAD + "2020-01-02,100000,50,NA,,\n"

    sales = dataset.load(other_market(rows=rows))

    assert sales.house(0) == {"area": 50, "quarter": "NA"}


def test_a_split_loses_no_sale_and_keeps_days_whole(other_market: Writer) -> None:
    """A sale on the day of the split belongs to the later part, and only there."""
    sales = dataset.load(other_market())
    day = sales.day_at(0.5)

    before, after = sales.split(day)

    assert len(before) + len(after) == len(sales)
    assert before.last_day < day == after.first_day
    assert np.array_equal(np.concatenate([before.prices, after.prices]), sales.prices)


def test_fewer_sales_are_the_latest_or_spread_over_all_days(
    other_market: Writer,
) -> None:
    """Never more than were asked for, and all of them where there are no more."""
    sales = dataset.load(other_market())

    assert sales.latest(2).prices.tolist() == sales.prices[-2:].tolist()
    assert (
        sales.spread(2).prices.tolist() == sales.prices[:: -(-len(sales) // 2)].tolist()
    )
    for few in (sales.latest(10**6), sales.spread(10**6)):
        assert len(few) == len(sales)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("", "cannot be read as CSV"),
        (HEAD, "got 0 rows"),
        (
            "day,paid,area,quarter,heating\n2020-01-02,1,50,north,gas\n",
            r"columns \['rooms'\]",
        ),
        (HEAD + GOOD + GOOD.replace("2020-01-02", "02.01.2020"), "line 3.*YYYY-MM-DD"),
        (
            HEAD + GOOD.replace("100000", "0"),
            "'paid', line 2.*got '0'.*a price from 100 to",
        ),
        (HEAD + GOOD.replace("100000", ""), "a price from 100 to"),
        (HEAD + GOOD.replace("100000", "inf"), "a price from 100 to"),
        (
            HEAD + GOOD.replace(",50,", ",4,"),
            r"'area'.*got '4'.*a number from 5 to 1000; rows like that: 1\. Mend them",
        ),
        (HEAD + GOOD.replace(",50,", ",,"), "got nothing, expected a number from 5"),
        (HEAD + GOOD.replace(",50,", ",big,"), "got 'big'"),
        (HEAD + GOOD.replace("gas,2", "gas,2.5"), "an integer from 1 to 40"),
        (HEAD + GOOD.replace("north", ""), "'quarter'"),
        (HEAD + GOOD.replace("north", "n" * 101), "at most 100 characters"),
    ],
)
def test_a_bad_table_is_refused_by_line_and_column(
    other_market: Writer, rows: str, told: str
) -> None:
    """The message says where, what was found and what was expected."""
    with pytest.raises(DatasetError, match=told):
        dataset.load(other_market(rows=rows))


def test_a_bad_row_is_named_by_its_id(other_market: Writer) -> None:
    """A row of a big table is found by the id that its owner knows."""
    rows = "id," + HEAD + "A-17," + GOOD.replace(",50,", ",4,")

    with pytest.raises(DatasetError, match="id A-17"):
        dataset.load(other_market(rows=rows, id="id"))


def test_a_cut_off_file_is_refused(other_market: Writer) -> None:
    """Half a download is no table."""
    definition = other_market(table="flats.csv.gz")
    whole = gzip.compress(other_sales().encode())
    (definition.parent / "flats.csv.gz").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(DatasetError, match="cannot be read as CSV"):
        dataset.load(definition)
