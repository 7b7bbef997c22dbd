"""The files of batches: what clients sent, cut in chunks, and what workers made of it.

A batch has a folder. `rows-<n>` holds the rows of a chunk, one a line: the number of
the row's line in the body, a tab, and the row as JSON. `chunk-<n>-<attempt>` holds
prices and `errors-<n>-<attempt>` refusals, JSON one a line. Which attempt counts, the
ledger says: a file that nobody points at is read by nobody.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from model_store.errors import StoreError
from model_store.storage import files

#: What a folder of a batch is called; it begins with the time of its making.
ID = re.compile(r"bat_([0-9a-f]{12})[0-9a-f]{20}")

#: Number of a line, and what it says as JSON.
Row = tuple[int, bytes]


class FileLost(StoreError):
    """A file of a batch is not there, where others can be had."""


class BatchFiles:
    """Reads and writes them; connects when it is first used.

    Args:
        url: Where they are.

    Raises:
        StoreError: The URL is of a kind that is not known or not installed.
    """

    def __init__(self, url: str) -> None:
        self._files = files.opened(url)

    def write_rows(self, batch_id: str, chunk: int, rows: Sequence[Row]) -> None:
        """Write the rows of a chunk.

        Raises:
            StoreError: They cannot be written.
        """
        content = b"\n".join(b"%d\t%s" % row for row in rows)
        self._files.put(f"{batch_id}/rows-{chunk}", content)

    def rows(self, batch_id: str, chunk: int) -> Iterator[Row]:
        """Return the rows of a chunk, in order.

        Raises:
            FileLost: They are not there.
            StoreError: They cannot be read.
        """
        content = self._read(f"{batch_id}/rows-{chunk}")
        return map(_row, content.split(b"\n"))

    def write_results(
        self,
        batch_id: str,
        chunk: int,
        attempt: int,
        prices: Iterable[bytes],
        refusals: Iterable[bytes],
    ) -> None:
        """Write what became of the rows of a chunk, whole lines in the rows' order.

        Raises:
            StoreError: It cannot be written.
        """
        for name, lines in (("chunk", prices), ("errors", refusals)):
            self._files.put(f"{batch_id}/{name}-{chunk}-{attempt}", b"".join(lines))

    def prices(self, batch_id: str, chunk: int, attempt: int) -> bytes:
        """Return the prices of a chunk, as JSON lines.

        Raises:
            FileLost: They are not there.
            StoreError: They cannot be read.
        """
        return self._read(f"{batch_id}/chunk-{chunk}-{attempt}")

    def refusals(self, batch_id: str, chunk: int, attempt: int) -> bytes:
        """Return the refusals of a chunk, as JSON lines.

        Raises:
            FileLost: They are not there.
            StoreError: They cannot be read.
        """
        return self._read(f"{batch_id}/errors-{chunk}-{attempt}")

    def drop(self, batch_id: str) -> None:
        """Remove all of a batch.

        Raises:
            StoreError: It cannot be removed.
        """
        self._files.drop(batch_id)

    def ids(self) -> list[str]:
        """Return the batches that have a folder, oldest first.

        Raises:
            StoreError: They cannot be told.
        """
        return [name for name in self._files.folders() if ID.fullmatch(name)]

    def _read(self, name: str) -> bytes:
        content = self._files.read(name)
        if content is None:
            raise FileLost(f"{self._files.place} has lost {name}")
        return content


def made_ms(batch_id: str) -> int:
    """Return when an id was made, in ms since the epoch."""
    return int(batch_id[4:16], 16)


def _row(line: bytes) -> Row:
    number, _, row = line.partition(b"\t")
    return int(number), row
