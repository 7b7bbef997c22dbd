"""Bodies of requests that may be too large to hold: bytes, or a file from its place."""

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

#: Bytes that are read at a time.
_BLOCK = 1 << 18


class FileBody:
    """What follows in a file, however often it is sent.

    Args:
        file: Binary, and able to seek.

    Attributes:
        size: How many bytes it is.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._start = file, file.tell()
        self.size = file.seek(0, io.SEEK_END) - self._start
        file.seek(self._start)

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(self._start)
        left = self.size
        # A file that grows meanwhile is sent as long as it was said to be.
        while block := self._file.read(min(_BLOCK, left)):
            left -= len(block)
            yield block


def body(rows: Any) -> tuple[bytes | FileBody, int]:
    """Return what is sent of rows, and how many bytes that are.

    Raises:
        TypeError: They are neither bytes nor a binary file that can seek.
    """
    if isinstance(rows, bytes | bytearray | memoryview):
        return bytes(rows), len(bytes(rows))
    try:
        if rows.read(0) == b"":
            found = FileBody(rows)
            return found, found.size
    except (AttributeError, OSError):
        pass  # It is no file, or cannot be read or sought in.
    raise TypeError(
        'rows must be bytes, or a binary file that can seek such as open(path, "rb"); '
        f"got {type(rows).__name__}"
    )
