"""An inventory tells how much is there, and from when."""

import datetime as dt

from model_store.archive import inventory, schema_version, tables
from model_store.archive.archive import Archive
from model_store.archive.inventory import Holding
from model_store.archive.sales import Sale
from tests.model_store.archive.rows import prediction


def test_every_table_is_counted(any_archive: Archive) -> None:
    """With its oldest and its newest row."""
    day = dt.date(2026, 3, 1)
    any_archive.predictions.upsert([prediction(1), prediction(2)])
    any_archive.sales.add("a", [Sale(key="1", sold_on=day, price=1, house=b"{}")])

    found = inventory.take(any_archive.database)

    assert found.revision == schema_version.CURRENT
    assert found.size_bytes > 50_000
    assert set(found.tables) == set(tables.metadata.tables)
    assert found.tables["predictions"] == Holding(2, 1000, 2000)
    assert found.tables["sales"] == Holding(1, day, day)
    assert found.tables["outcomes"] == Holding(0, None, None)
