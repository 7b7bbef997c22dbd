"""How Ctrl-C ends a program while Python loads it, and while Python ends it.

It is imported before anything else, so it imports next to nothing itself.
"""

import os
import signal
import sys
from collections.abc import Callable

#: As shells tell it: 128 and the number of the signal.
EXIT_CODE = 130


def run(load: Callable[[], Callable[[], object]]) -> None:
    """Load a program and run it; who ignores Ctrl-C still does.

    Args:
        load: Imports the program and returns what runs it.
    """
    handler = signal.getsignal(signal.SIGINT)
    is_usual = handler is signal.default_int_handler
    if is_usual:
        signal.signal(signal.SIGINT, _end)
    program = load()
    signal.signal(signal.SIGINT, handler)
    try:
        program()
    except KeyboardInterrupt:
        _end()
    finally:
        if is_usual:
            signal.signal(signal.SIGINT, _end)


def _end(*_: object) -> None:
    # An exception could be lost, or turned into another one, inside an import.
    if sys.stderr is not None:
        sys.stderr.write("\n")  # the terminal has shown ^C
        sys.stderr.flush()
    os._exit(EXIT_CODE)
