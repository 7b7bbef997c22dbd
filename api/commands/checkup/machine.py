"""Whether this machine has room: memory for a worker, disk for the state folder."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from api.commands.checkup.finding import Finding, Status, Target
from api.launcher import installation

_MIB = 2**20
#: What a prediction worker takes with the shipped model, as measured, and rounded up.
_WORKER = 300 * _MIB
#: Bytes of disk for logs and another model version.
_LOGS_AND_MODELS = 256 * _MIB
#: While the embedded server rewrites its log there are the old one, which grew to
#: twice its size, and the new one.
_LOGS_OF_REDIS = 3
_UNITS = {"kb": 2**10, "mb": 2**20, "gb": 2**30}


def check_memory(_: Target) -> Iterator[Finding]:
    """Compare the available memory with what a worker takes."""
    available = _available()
    if available is None:
        return
    found = f"{available / _MIB:,.0f} MiB available"
    if available >= 2 * _WORKER:
        yield Finding(check="memory", found=found)
        return
    yield Finding(
        check="memory",
        status=Status.FAILED if available < _WORKER / 2 else Status.WARNING,
        found=f"{found} on this machine",
        expected=f"{_WORKER / _MIB:.0f} MiB for a worker with the shipped model, and as"
        " much to spare",
        remedy="Run fewer workers (`kerbside up --workers`), or end what else runs.",
    )


def check_disk(target: Target) -> Iterator[Finding]:
    """Compare the free space of the state folder with what may come into it."""
    folder = target.settings.state_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    needed = _LOGS_AND_MODELS
    if not installation.names_redis(target.settings):
        needed += _LOGS_OF_REDIS * _embedded_memory(target)
    found = f"{free / _MIB:,.0f} MiB free for {folder}"
    if free >= needed:
        yield Finding(check="disk", found=found)
        return
    yield Finding(
        check="disk",
        status=Status.FAILED if free < _LOGS_AND_MODELS else Status.WARNING,
        found=found,
        expected=f"{needed / _MIB:,.0f} MiB for logs, models and what Redis may write",
        remedy="Make room, or choose another place: KERBSIDE_STATE_DIR.",
    )


def _embedded_memory(target: Target) -> int:
    number, unit = re.findall(r"(\d+)(\w+)", target.settings.embedded_memory)[0]
    return int(number) * _UNITS[unit]


def _available() -> int | None:
    """Return bytes of memory that this process's machine or container has left."""
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return None
    left = [int(kib) * 1024 for kib in re.findall(r"MemAvailable:\s+(\d+)", text)]
    cgroup = Path("/sys/fs/cgroup")
    try:
        limit = int((cgroup / "memory.max").read_text())
        left.append(limit - int((cgroup / "memory.current").read_text()))
    except (OSError, ValueError):  # no bound, or none that can be seen
        pass
    return min(left, default=None)
