"""What the tests of processes share."""

import errno
import os


def no_space(*_: object) -> int:
    """Stand in for a write to a full disk.

    Raises:
        OSError: Always.
    """
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
