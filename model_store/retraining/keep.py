"""Keeps sales in the archive, where each retraining gathers them."""

import hashlib

import orjson

from model_store.archive.archive import Archive
from model_store.archive.sales import Sale
from model_store.dataset import Dataset

#: Sales that one transaction writes.
_AT_ONCE = 1000


def keep(sales: Dataset, archive: Archive) -> int:
    """Write sales, each house and day and price once; return how many are new.

    Args:
        sales: Of a data set, which they are kept under the name of.
        archive: Where.

    Raises:
        ArchiveError: It cannot be used; what was written before stays, and a repeat
            writes the rest.
    """
    name = sales.definition.name
    before = archive.sales.count(name)
    for first in range(0, len(sales), _AT_ONCE):
        rows = range(first, min(first + _AT_ONCE, len(sales)))
        some = {one.key: one for one in (_sale(sales, row) for row in rows)}
        archive.sales.add(name, some.values())
    return archive.sales.count(name) - before


def _sale(sales: Dataset, row: int) -> Sale:
    house = orjson.dumps(sales.house(row), option=orjson.OPT_SORT_KEYS)
    sold_on, price = sales.dates[row].item(), float(sales.prices[row])
    key = hashlib.sha256(house + f" {sold_on} {price!r}".encode()).hexdigest()
    return Sale(key=key, sold_on=sold_on, price=price, house=house)
