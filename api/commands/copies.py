"""The service's copies of predictions whose prices are in a file."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from typing import Any

from api.client import RESULT_COLUMNS, ApiError, Client

#: So many predictions of a file are kept unless it is said otherwise. They take 33 MB,
#: a twelfth of what the job store of a default installation takes before it refuses
#: everybody's houses.
MOST_KEPT = 10_000

#: From the end of a row.
_ID = RESULT_COLUMNS.index("prediction_id") - len(RESULT_COLUMNS)
_PRICE = RESULT_COLUMNS.index("price") - len(RESULT_COLUMNS)


def delete(client: Client, rows: Iterable[Sequence[Any]]) -> None:
    """Delete the predictions of rows that have a price, and no others.

    Raises:
        KerbsideError: The service fails.
    """
    ids = [row[_ID] for row in rows if row[_PRICE] not in {None, ""}]
    with ThreadPoolExecutor(client.concurrency) as pool:
        list(pool.map(partial(_delete, client), ids))


def _delete(client: Client, prediction_id: str) -> None:
    try:
        client.delete(prediction_id)
    except ApiError as error:
        # A run that goes on after a week finds what it left behind forgotten.
        if error.status != HTTPStatus.NOT_FOUND:
            raise
