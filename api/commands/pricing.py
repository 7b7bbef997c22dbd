"""Rows of a file go to the API a few hundred at a time, and come back priced."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from api.client import (
    RESULT_COLUMNS,
    Client,
    KerbsideError,
    Prediction,
    result_columns,
)

#: Houses that are handed to the client together, for each that it prices at a time:
#: the fewer, the more often all wait for the last one.
_TOGETHER = 16

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Run:
    """One pricing of one file, however often it is interrupted."""

    #: The idempotency keys of its houses begin with it.
    id: str
    model_version: str

    def priced(
        self,
        client: Client,
        rows: Iterable[Row],
        house: Callable[[Row], dict[str, Any]],
        *,
        first: int,
    ) -> Iterator[tuple[Row, Prediction | KerbsideError]]:
        """Yield each row with its price, or with why it has none, in order.

        Args:
            client: Prices the houses.
            rows: Those of the file from number `first` on.
            house: Returns the house that a row tells.
            first: How many rows were priced before.

        Raises:
            KerbsideError: The service fails; rows that were not yielded keep their
                keys, so that none is priced twice.
        """
        numbered = enumerate(rows, first)
        while some := list(itertools.islice(numbered, _TOGETHER * client.concurrency)):
            results: Any = client.price(
                [house(row) for _, row in some],
                errors="keep",
                keys=[f"{self.id}:{number}" for number, _ in some],
                version=self.model_version,
            )
            for (_, row), result in zip(some, results, strict=True):
                if isinstance(result, KerbsideError) and not result.is_about_house:
                    raise result
                yield row, result


def cells(result: Prediction | KerbsideError) -> list[Any]:
    """Return the cells that a priced row gets, in the order of RESULT_COLUMNS."""
    values = result_columns(result)
    return [_cell(values[name]) for name in RESULT_COLUMNS]


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
