"""A table of any names is understood, or it is said what is wrong and what helps."""

import datetime as dt
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from model_store import dataset
from model_store.errors import DatasetError
from model_store.intake import definition_file
from model_store.intake.inspection import Inspection, inspect
from model_store.intake.sample import Wish
from tests.model_store.intake.tables import german, sales, write

TODAY = dt.date(2026, 1, 2)
WISH = Wish("price", "date")


def looked(
    table: pd.DataFrame, tmp_path: Path, wish: Wish = WISH, name: str = "sales.csv"
) -> Inspection:
    """Inspect a table that is written as CSV."""
    return inspect(write(table, tmp_path / name), wish, today=TODAY)


def taken(found: Inspection) -> dict[str, str]:
    """Return what each column is taken for."""
    return {one.column: one.taken for one in found.findings}


def test_the_shipped_sales_are_taken_for_what_they_are(tmp_path: Path) -> None:
    """Zip codes are codes, years are years, and the rest are numbers."""
    kinds = taken(looked(sales(), tmp_path))

    assert kinds.pop("zipcode") == "category"
    assert kinds.pop("yr_built") == kinds.pop("yr_renovated") == "year"
    assert (kinds.pop("lat"), kinds.pop("long")) == ("latitude", "longitude")
    assert set(kinds.values()) == {"number"}
    assert len(kinds) == 13


def test_a_table_of_a_german_office_is_read_as_it_is(tmp_path: Path) -> None:
    """Semicolons, decimal commas, days first, a sign, umlauts: the form says them."""
    path = write(
        german(), tmp_path / "verkauf.csv", sep=";", decimal=",", encoding="cp1252"
    )

    found = inspect(path, Wish("Kaufpreis", "Verkauft am"), today=TODAY)

    form = found.definition.form
    assert (form.delimiter, form.decimal, form.thousands) == (";", ",", ".")
    assert (form.encoding, form.sign, form.date_format) == ("cp1252", "€", "%d.%m.%Y")
    assert found.definition.currency == "EUR"
    assert form.names["Wohnfläche m²"] == "Wohnflaeche_m2"
    units = {one.name: one.unit for one in found.definition.features}
    assert (units["Wohnflaeche_m2"], units["lat"], units["lon"]) == (
        "m2",
        "deg",
        "deg",
    )


def test_the_definition_that_is_written_loads_every_sale(tmp_path: Path) -> None:
    """Nothing has to be written by hand between `init` and `train`."""
    path = write(german(), tmp_path / "verkauf.csv.gz", sep=";", decimal=",")
    found = inspect(path, Wish("Kaufpreis", "Verkauft am"), today=TODAY)
    definition = tmp_path / "verkauf.json"
    definition.write_text(definition_file.written(found.definition))

    loaded, before = dataset.load(definition), dataset.load().every(25)

    assert np.array_equal(loaded.prices, before.prices)
    assert np.array_equal(loaded.dates, before.dates)
    assert np.array_equal(loaded.houses["lat"], before.houses["lat"])
    assert loaded.definition == found.definition
    house = loaded.schema.house_model()
    for row in range(0, len(loaded), 50):
        house.model_validate(loaded.house(row))
    house.model_validate(loaded.schema.example)


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    """Types of columns stand in for how they would be written."""
    table = sales().assign(date=lambda t: pd.to_datetime(t["date"]))
    path = tmp_path / "sales.parquet"
    table.astype({"zipcode": int}).to_parquet(path)

    found = inspect(path, WISH, today=TODAY)
    as_csv = looked(sales(), tmp_path)

    assert taken(found) == taken(as_csv)
    assert found.definition.features == as_csv.definition.features


def test_a_market_without_places_and_categories_can_be_learnt(tmp_path: Path) -> None:
    """What a table lacks is lacking; nothing of it is needed."""
    table = sales()[["price", "date", "sqft_living", "grade"]]

    found = looked(table, tmp_path)

    assert [one.name for one in found.definition.features] == ["sqft_living", "grade"]


def test_what_is_missing_may_be_missing_later_too(tmp_path: Path) -> None:
    """A gap makes a feature optional, and its share is told."""
    table = sales()
    table["grade"] = table["grade"].astype(object)
    table.loc[::4, "grade"] = "n/a"
    table.loc[::2, "sqft_lot"] = None

    found = looked(table, tmp_path)

    features = {one.name: one for one in found.definition.features}
    assert not features["grade"].required
    assert "Missing in 25.1% of the sales." in features["grade"].description
    assert not features["sqft_lot"].required
    assert features["sqft_living"].required
    assert found.definition.form.missing == ("n/a",)


def test_columns_that_know_the_price_are_left_out(tmp_path: Path) -> None:
    """By name, by what they explain, and by what they give with another column."""
    random = np.random.default_rng(0)
    table = sales()
    price = table["price"]
    table["listing_price"] = price * 1.02
    table["guess"] = (price * random.normal(1, 0.03, len(table))).round()
    table["rate"] = price / table["sqft_living"]

    found = looked(table, tmp_path)

    assert set(found.definition.left_out) == {"listing_price", "guess", "rate"}
    assert "by its name" in found.definition.left_out["listing_price"]
    assert "explains 9" in found.definition.left_out["guess"]
    assert "'sqft_living'" in found.definition.left_out["rate"]


def test_a_suspected_column_can_be_kept_and_another_left_out(tmp_path: Path) -> None:
    """The owner of a table has the last word."""
    table = sales().assign(estimated_rooms=lambda t: t["bedrooms"] + 1)

    found = looked(
        table,
        tmp_path,
        Wish("price", "date", keep=["estimated_rooms"], leave_out=["lat"]),
    )

    assert taken(found)["estimated_rooms"] == "number"
    assert found.definition.left_out == {"lat": "you asked for it"}
    assert found.definition.kept == {"estimated_rooms": "you asked for it"}


def test_people_ids_constants_and_free_text_price_no_house(tmp_path: Path) -> None:
    """Names of people never reach a model, and nothing that says nothing does."""
    rows = range(len(sales()))
    table = sales().assign(
        seller=[f"Mrs {row % 7}" for row in rows],
        reach=[f"a{row % 300}@example.org" for row in rows],
        call=[f"+49 30 {100000 + row}" for row in rows],
        key=[10_000 + row for row in rows],
        country="US",
        empty=None,
        remarks=[f"a house with a view of {row % 600}" for row in rows],
        listed=[f"2014-0{1 + row % 9}-01" for row in rows],
    )

    found = looked(table, tmp_path)

    kinds = taken(found)
    names = ("seller", "reach", "call", "country", "empty", "remarks", "listed")
    assert {kinds[name] for name in names} == {"left out"}
    assert kinds["key"] == "id"
    assert found.definition.id == "key"
    assert "e-mail" in found.definition.left_out["reach"]
    assert "telephone" in found.definition.left_out["call"]


def test_the_owner_is_told_what_to_look_at(tmp_path: Path) -> None:
    """A currency that nothing tells, units, and sales unlike all others."""
    table = sales()
    table.loc[5, "sqft_lot"] = 90_000_000

    notes = " ".join(looked(table, tmp_path).notes)

    assert "XXX" in notes
    assert "sqft_lot (1)" in notes
    assert "unit of" in notes
    assert "what each feature means" in notes


def test_what_only_the_owner_knows_reads_well_before_it_is_said(tmp_path: Path) -> None:
    """Strangers read it on the form of a house and on the card: nothing orders them."""
    table = sales()[["price", "date", "sqft_living", "grade"]]

    definition = looked(table.rename(columns={"grade": "Klass"}), tmp_path).definition

    told = [one.description for one in definition.features]
    assert told == ["Sqft living.", "Klass."]
    assert (definition.source, definition.licence) == ("not told", "not told")


def test_units_are_read_from_names_of_several_languages(tmp_path: Path) -> None:
    """An area is one in Stockholm too."""
    names = {
        "sqft_living": "Boarea (kvm)",
        "sqft_lot": "Plot sqm",
        "grade": "km to sea",
    }
    table = sales()[["price", "date", *names]].rename(columns=names)

    features = looked(table, tmp_path).definition.features

    units = {one.name: one.unit for one in features}
    assert units == {"Boarea_kvm": "m2", "Plot_sqm": "m2", "km_to_sea": "km"}


def _column(name: str, at: int, value: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def spoil(table: pd.DataFrame) -> pd.DataFrame:
        table[name] = table[name].astype(object)
        table.loc[at, name] = value
        return table

    return spoil


def _numbered(table: pd.DataFrame, times: int) -> list[str]:
    later = (f"{name}_{at}" for at in range(1, times) for name in table)
    return [*table, *later]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda t: t.head(0), "column names, but no rows"),
        (lambda t: t.head(250), "250 sales; expected some 300"),
        (lambda t: t.drop(columns="date"), "no column 'date'"),
        (lambda t: t.rename(columns={"price": "Pirce"}), "did you mean 'Pirce'"),
        (lambda t: t.assign(price=500_000), "every sale has the price 500,000"),
        (lambda t: t.assign(price=None), "'price' is empty in 100.0%"),
        (_column("price", 7, None), "'price' is empty in 0.1%.*line 9"),
        (_column("price", 7, -5), "line 9: got '-5', expected a price above 0"),
        (_column("price", 7, "ask"), "texts among its prices.*'ask' in line 9"),
        (lambda t: t.assign(price=t["price"] / 1_000_000), "whole units"),
        (
            lambda t: t.assign(price=[f"{'$€'[p % 2]}{p}" for p in t["price"]]),
            "more than one currency",
        ),
        (
            lambda t: t.assign(cur=["USD", "EUR", "EUR", "EUR", "EUR"] * 173),
            "'cur' says that prices are in EUR, USD",
        ),
        (_column("date", 7, "02.05.2014"), "two formats.*'02.05.2014'"),
        (_column("date", 7, "soon"), "'soon' is no date, while others are"),
        (lambda t: t.assign(date="spring"), "'spring' is no date in a format"),
        (
            lambda t: t.assign(
                date=[f"0{1 + i % 9}/0{1 + i % 8}/2014" for i in t.index]
            ),
            "may be 2014-.*--date-format",
        ),
        (_column("date", 7, "2031-01-01"), "1 sales are to come, the last on 2031"),
        (_column("date", 7, "1900-01-01"), "1 sales are from before 1950-01-01"),
        (lambda t: t.assign(date=range(41_760, 41_760 + len(t))), "Excel keeps dates"),
        (lambda t: t.assign(date="2015-01-01"), "bring sales of more months"),
        (_column("price", 7, "9" * 40), r"line 9.*a price from 100 to 1,000,000,000"),
        (
            lambda t: t.assign(
                price=[f"{p:,} €".replace(",", ".") for p in t["price"]]
            ),
            "'price'.* look like thousands.*--decimal",
        ),
        (_column("lat", 7, 4700), "'lat': 1 cells are no degrees.*line 9.*--leave-out"),
        (_column("sqft_lot", 7, "9" * 400), "'sqft_lot'.*1 are not.*line 9"),
        (_column("sqft_lot", 7, "inf"), "'sqft_lot'.*1 are not, such as 'inf'"),
        (_column("sqft_lot", 7, "=A1+1"), "'sqft_lot'.*1 are not, such as '=A1"),
        (_column("price", 7, "NaN"), "texts among its prices.*'NaN' in line 9"),
        (
            lambda t: t.rename(columns={"grade": "view"}),
            "7 and 9 are both called 'view'",
        ),
        (
            _column("sqft_living", 7, "about 80"),
            "'sqft_living'.*1 are not, such as 'about 80' in line 9.*--leave-out",
        ),
        (lambda t: pd.concat([t] * 3), "rows are there more than once"),
        (
            lambda t: pd.concat([t] * 16, axis=1).set_axis(_numbered(t, 16), axis=1),
            "columns; expected at most 300",
        ),
        (lambda t: t[["price", "date", "zipcode"]], "no column is a number"),
    ],
)
def test_a_bad_table_is_refused_with_a_remedy(
    tmp_path: Path, spoil: Callable[[pd.DataFrame], pd.DataFrame], told: str
) -> None:
    """One sentence says where, what, and what helps; nothing fails further down."""
    with pytest.raises(DatasetError, match=told):
        looked(spoil(sales()), tmp_path)


def test_a_number_that_may_be_two_is_asked_for(tmp_path: Path) -> None:
    """1.234 is one and a bit or a thousand: the table cannot say, its owner can."""
    table = sales()[["price", "date", "grade"]].astype({"grade": int})
    table["lot"] = [f"{1 + row % 9}.{100 + row % 40}" for row in range(len(table))]
    path = write(table, tmp_path / "sales.csv", sep=";")

    with pytest.raises(DatasetError, match=r"1.1 or as 1,100.*--decimal"):
        inspect(path, WISH, today=TODAY)
    told = inspect(path, Wish("price", "date", decimal=","), today=TODAY)

    assert told.definition.form.thousands == "."
    assert next(f.example for f in told.definition.features if f.name == "lot") > 999  # type: ignore[operator]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (
            b'date,price,area\n2020-01-01,100000,"50\n2020-01-01,100000,50\n',
            "never closed",
        ),
        (
            b"date,price,area\n2020-01-01,100000,50\n2020-01-01,1,2,3,4\n",
            "more cells than",
        ),
        (
            b"date,price\n2020-01-01,100000,50\n2020-01-01,1,2\n",
            "more cells than the head",
        ),
        (b"\x1f\x8b\x08\x00broken", "cannot be read.*is it whole"),
        (b"PK\x03\x04\x14\x00[Content_Types].xml", "an Excel .*save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel file"),
        (b"BZh91AY&SY", r"packed by bzip2: give it the ending \.csv\.bz2"),
        (b"PAR1\x15\x04", r"Parquet: give it the ending \.parquet"),
        (b"%PDF-1.7\n", "a PDF document"),
        ("date,price\n1,2\n".encode("utf-16-le"), "zero bytes.*save it as CSV"),
    ],
)
def test_a_broken_file_is_explained(tmp_path: Path, content: bytes, told: str) -> None:
    """What pandas says of it is not all that is said."""
    name = "sales.csv.gz" if content.startswith(b"\x1f") else "sales.csv"
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(DatasetError, match=told):
        inspect(path, WISH, today=TODAY)


def test_a_packed_table_needs_the_ending_that_says_so(tmp_path: Path) -> None:
    """Guessing would read it here and nowhere else."""
    packed, plain = tmp_path / "sales.csv", tmp_path / "sales.csv.gz"
    packed.write_bytes(gzip.compress(b"date,price\n"))
    plain.write_bytes(b"date,price\n")

    with pytest.raises(DatasetError, match=r"packed by gzip.*\.csv\.gz"):
        inspect(packed, WISH, today=TODAY)
    with pytest.raises(DatasetError, match="does its ending say how it is packed"):
        inspect(plain, WISH, today=TODAY)


def test_what_no_csv_can_hold_is_text_in_parquet(tmp_path: Path) -> None:
    """Lists, bytes and truth values are looked at like any other cell."""
    path = tmp_path / "sales.parquet"
    count = len(sales())
    table = sales().assign(rooms=pd.Series([[1, 2]] * count), raw=b"\xff", new=True)
    table.to_parquet(path)

    kinds = taken(inspect(path, WISH, today=TODAY))

    assert {kinds[name] for name in ("rooms", "raw", "new")} == {"left out"}


def test_an_area_of_nothing_is_told(tmp_path: Path) -> None:
    """It is probably not known; its owner can say so."""
    table = sales()
    table.loc[5, "sqft_living"] = 0

    assert "sqft_living (1)" in " ".join(looked(table, tmp_path).notes)
