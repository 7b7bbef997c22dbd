"""Who runs a command, as the audit log names him."""

import os
import pwd


def running() -> str:
    """Return the user who runs this process, whatever the environment says."""
    number = os.getuid()
    try:
        return f"cli:{pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"cli:{number}"
