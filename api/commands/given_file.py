"""The file that a command is given."""

import contextlib
import errno
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """Open a file, or keep what comes from stdin, so that it can be read again."""
    if name != "-":
        with Path(name).open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as kept:
        if sys.stdin is None:  # as `<&-` leaves it
            raise OSError(errno.EBADF, "The input is closed")
        shutil.copyfileobj(sys.stdin.buffer, kept)
        kept.seek(0)
        yield kept
