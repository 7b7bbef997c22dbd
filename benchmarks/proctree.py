"""CPU time of process trees, all descendants included, from `/proc/<pid>/stat`."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """What one line of `/proc/<pid>/stat` says."""

    pid: int
    parent: int
    #: User and system time of the process and of the children that it has waited for.
    ticks: int


def parse(line: str) -> Process:
    """Read a line; the name in it may hold spaces and brackets."""
    pid, _, rest = line.partition(" ")
    fields = rest[rest.rindex(")") + 2 :].split()
    # Fields 4 and 14 to 17 of proc(5), counted from field 3 on.
    return Process(int(pid), int(fields[1]), sum(map(int, fields[11:15])))


def members(processes: Mapping[int, Process], root: int) -> set[int]:
    """Return the ids of a process and of everything that descends from it."""
    children: dict[int, list[int]] = {}
    for process in processes.values():
        children.setdefault(process.parent, []).append(process.pid)
    found: set[int] = set()
    left = [root] if root in processes else []
    while left:
        pid = left.pop()
        found.add(pid)
        left += children.get(pid, ())
    return found


def ticks(processes: Mapping[int, Process], root: int) -> int:
    """Return the CPU time of a tree.

    A descendant that has ended counts too, as long as its parent waited for it: the
    kernel then adds its time to its parent's.
    """
    return sum(processes[pid].ticks for pid in members(processes, root))


def snapshot() -> dict[int, Process]:
    """Return all processes of this machine."""
    processes = {}
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            process = parse((entry / "stat").read_text())
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
        processes[process.pid] = process
    return processes


def cpu_seconds(roots: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """Return the CPU seconds so far of each named group of trees.

    Raises:
        ProcessLookupError: A root has ended, so its time cannot be known.
    """
    processes = snapshot()
    per_second = os.sysconf("SC_CLK_TCK")
    seconds = {}
    for name, pids in roots.items():
        for pid in pids:
            if pid not in processes:
                raise ProcessLookupError(f"{name}, process {pid}, has ended")
        seconds[name] = sum(ticks(processes, pid) for pid in pids) / per_second
    return seconds
