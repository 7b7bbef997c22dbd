"""What a block of work costs each program of an installation."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.stacks import Installation

#: Rounds of whatever is measured.
_ROUNDS = 3


def least(measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Measure several times; return the lowest of each figure.

    What else the machine does only ever adds.
    """
    rounds = [measure() for _ in range(_ROUNDS)]
    return {name: min(one[name] for one in rounds) for name in rounds[0]}


@contextmanager
def spent_by(home: Installation) -> Iterator[dict[str, float]]:
    """Fill in the CPU seconds of each program, and the clock's, when the block ends."""
    spent: dict[str, float] = {}
    began, before = time.monotonic(), home.programs.cpu_seconds()
    yield spent
    after = home.programs.cpu_seconds()
    spent |= {name: after[name] - before[name] for name in before}
    spent["clock"] = time.monotonic() - began
