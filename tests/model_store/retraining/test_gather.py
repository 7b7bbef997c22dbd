"""What is learnt from: the table, and what the archive has heard since."""

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from model_store.archive.archive import Archive
from model_store.archive.migration import migrate
from model_store.archive.outcome import Outcome
from model_store.archive.sales import Sale
from model_store.dataset import Dataset
from model_store.retraining import gather
from tests.model_store.retraining.conftest import Write


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Return an empty archive."""
    with closing(Archive(f"sqlite:///{tmp_path}/archive.db")) as archive:
        migrate(archive.database)
        yield archive


def _sale(house: dict[str, Any], day: str, price: float = 5e5) -> Sale:
    return Sale(
        key=f"{day} {price}",
        sold_on=dt.date.fromisoformat(day),
        price=price,
        house=json.dumps(house).encode(),
    )


def test_without_an_archive_the_table_is_all(market: Dataset, write: Write) -> None:
    """As every installation begins."""
    found = gather.gather(write(market), None)

    assert len(found.sales) == found.table == len(market)
    assert gather.misfits(found).held


def test_sales_and_outcomes_of_the_archive_are_added(
    market: Dataset, write: Write, archive: Archive
) -> None:
    """Each once, by date, whoever told of it."""
    house = market.house(0)
    archive.sales.add(
        "king-county", [_sale(house, "2015-06-01"), _sale(house, "2015-06-02")]
    )
    archive.sales.add("elsewhere", [_sale(house, "2015-06-03")])
    told = Outcome(
        tenant="acme",
        subject="one",
        house=json.dumps(house).encode(),
        price=5e5,
        sold_on=dt.date(2015, 6, 2),
        recorded_ms=1,
    )
    archive.outcomes.record([told])

    found = gather.gather(write(market), archive)

    assert (found.archived, found.outcomes, found.copies) == (2, 1, 1)
    assert len(found.sales) == len(market) + 2
    assert found.sales.last_day == dt.date(2015, 6, 2)
    assert found.sales.house(len(market)) == house


def test_houses_of_another_form_are_left_out_and_too_many_are_told(
    market: Dataset, write: Write, archive: Archive
) -> None:
    """An old schema, a unit error: they are counted, and a rule has a bound."""
    house = market.house(0)
    odd = [_sale({"area": 80}, f"2015-06-{day:02}") for day in range(1, 4)]
    archive.sales.add("king-county", [_sale(house, "2015-06-09"), *odd])

    found = gather.gather(write(market), archive)

    assert (found.archived, found.misfits) == (1, 3)
    rule = gather.misfits(found)
    assert not rule.held
    assert "3 of 4 archived sales" in rule.said


def test_a_digest_knows_sales_by_what_they_are(market: Dataset) -> None:
    """The same sales have the same one, others another one."""
    assert gather.digest(market) == gather.digest(market.every(1))
    assert gather.digest(market) != gather.digest(market.every(2))
