"""CPU time is counted over a whole tree of processes, and over no other process."""

import subprocess
import sys

import pytest

from benchmarks import proctree
from benchmarks.proctree import Process

#: A line of a real system; its user, system, and children's times are 7, 5, 30 and 2.
LINE = (
    "4242 (celery: a (b) c) S 17 4242 17 0 -1 4194304 1392 0 2 0 7 5 30 2 20 0 1 0 "
    "201032 14725120 2775 18446744073709551615 1 1 0 0 0 0 0 16781312 2 0 0 0 17 1 0"
)
BURN = "import time\nwhile time.process_time() < 0.3: pass"


def _processes(*rows: tuple[int, int, int]) -> dict[int, Process]:
    return {pid: Process(pid, parent, ticks) for pid, parent, ticks in rows}


def test_a_line_is_read_whatever_the_name_holds() -> None:
    """Spaces and brackets in a name do not move the fields."""
    assert proctree.parse(LINE) == Process(pid=4242, parent=17, ticks=44)


def test_children_and_grandchildren_belong_to_a_tree() -> None:
    """Depth does not matter, and neighbours do not belong."""
    processes = _processes(
        (1, 0, 1000), (10, 1, 1), (11, 10, 2), (12, 11, 4), (20, 1, 500), (21, 20, 600)
    )

    assert proctree.members(processes, 10) == {10, 11, 12}
    assert proctree.ticks(processes, 10) == 7


def test_a_process_that_is_gone_has_no_tree() -> None:
    """What left no line has no time to count."""
    assert proctree.members(_processes((1, 0, 1)), 99) == set()


def test_a_root_that_is_gone_is_an_error_and_not_zero() -> None:
    """A server that died must not look cheap."""
    with pytest.raises(ProcessLookupError, match="api"):
        proctree.cpu_seconds({"api": [2**22 + 1]})


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_the_time_of_ended_descendants_stays_counted(depth: int) -> None:
    """A child that was waited for leaves its time to its parent, at any depth."""
    program = f"{BURN}\nprint('done', flush=True)\ninput()"
    for _ in range(depth):
        program = (
            "import subprocess, sys\n"
            f"subprocess.run([sys.executable, '-c', {program!r}],"
            " input='\\n', stdout=subprocess.DEVNULL, text=True)\n"
            "print('done', flush=True)\ninput()"
        )

    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        seconds = proctree.cpu_seconds({"burner": [process.pid]})["burner"]
        process.communicate("\n")

    assert seconds >= 0.29
