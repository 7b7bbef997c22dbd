"""A data set's sales come back by day, each once."""

import datetime as dt

from model_store.archive.archive import Archive
from model_store.archive.sales import Sale


def _sale(number: int, price: float = 1.0) -> Sale:
    day = dt.date(2026, 1, 1) + dt.timedelta(days=30 * number)
    return Sale(key=f"row-{number}", sold_on=day, price=price, house=b'{"rooms":3}')


def test_sales_are_read_by_day_and_data_set(any_archive: Archive) -> None:
    """In the order of their days, whatever the order they came in."""
    sales = [_sale(number) for number in range(4)]
    any_archive.sales.add("seattle", sales[::-1])
    any_archive.sales.add("boston", sales[:1])

    some = any_archive.sales.between("seattle", sales[1].sold_on, sales[3].sold_on)

    assert list(any_archive.sales.between("seattle")) == sales
    assert list(some) == sales[1:3]


def test_a_sale_that_comes_again_is_one_sale(any_archive: Archive) -> None:
    """With what was said of it last."""
    any_archive.sales.add("seattle", [_sale(1), _sale(2)])
    any_archive.sales.add("seattle", [_sale(1, 2.0)])

    assert any_archive.sales.count("seattle") == 2
    assert next(any_archive.sales.between("seattle")).price == 2.0


def test_more_sales_than_are_read_at_once_come_whole(any_archive: Archive) -> None:
    """A long answer is read in pieces."""
    any_archive.sales.add("seattle", map(_sale, range(2500)))

    assert sum(1 for _ in any_archive.sales.between("seattle")) == 2500
