"""Keeps sales in the archive, where each retraining gathers them."""

import datetime as dt
import hashlib
from collections.abc import Iterator

import orjson

from model_store.archive.archive import Archive
from model_store.archive.sales import Sale
from model_store.dataset import Dataset

#: Sales that one transaction writes.
_AT_ONCE = 1000


def keep(sales: Dataset, archive: Archive, *, today: dt.date) -> int:
    """Write sales, each house and day and price once; return how many are new.

    Args:
        sales: Of a data set, which they are kept under the name of.
        archive: Where.
        today: No sale may be later.

    Raises:
        DatasetError: No retraining would learn from them; none is written.
        ArchiveError: It cannot be used; what was written before stays, and a repeat
            writes the rest.
    """
    sales.expect_past(today)
    sales.expect_distinct()
    name = sales.definition.name
    before = archive.sales.count(name)
    for some in _in_parts(sales):
        archive.sales.add(name, some.values())
    return archive.sales.count(name) - before


def remove(sales: Dataset, archive: Archive) -> int:
    """Take sales out again that were written by `keep`; return how many there were.

    Raises:
        ArchiveError: It cannot be used; what went before is gone, and a repeat takes
            the rest.
    """
    name = sales.definition.name
    return sum(archive.sales.remove(name, some) for some in _in_parts(sales))


def _in_parts(sales: Dataset) -> Iterator[dict[str, Sale]]:
    """Yield sales by their keys, as many as one transaction writes."""
    for first in range(0, len(sales), _AT_ONCE):
        rows = range(first, min(first + _AT_ONCE, len(sales)))
        yield {one.key: one for one in (_sale(sales, row) for row in rows)}


def _sale(sales: Dataset, row: int) -> Sale:
    house = orjson.dumps(sales.house(row), option=orjson.OPT_SORT_KEYS)
    sold_on, price = sales.dates[row].item(), float(sales.prices[row])
    key = hashlib.sha256(house + f" {sold_on} {price!r}".encode()).hexdigest()
    return Sale(key=key, sold_on=sold_on, price=price, house=house)
