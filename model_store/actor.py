"""Who does something, as the audit log names him."""

import os
import pwd
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and in which HTTP request, if any.

    Attributes:
        name: `key:<id>` of an API key, or `cli:<user>` or `retraining:<user>`: a
            command, or a retraining, that a user of the operating system runs.
        request_id: Of the HTTP request; a command has none.
    """

    name: str
    request_id: str | None = None


def running(by: str = "cli") -> str:
    """Return the user who runs this process, whatever the environment says.

    Args:
        by: What he runs.
    """
    number = os.getuid()
    try:
        return f"{by}:{pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"{by}:{number}"
