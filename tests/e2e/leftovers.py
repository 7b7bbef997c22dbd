"""What an engine leaves on the machine that it ran on, taken away again."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

#: What an engine makes where it is not there, by pattern.
_MADE = (
    "etc/docker",
    "run/docker",
    "run/containerd",
    "run/containerd/s",
    "sys/fs/cgroup/docker",
    "sys/fs/cgroup/*/docker",
)
#: Made at the start, too; nothing of it is used.
_KEY = "etc/docker/key.json"

#: Every table that an engine writes to, as it is while nobody has a rule in it.
_TABLES = {
    "filter": """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
""",
    "nat": """\
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
COMMIT
""",
}


@contextlib.contextmanager
def taken_away(root: Path = Path("/")) -> Iterator[None]:
    """Remove the folders and control groups that were not there before.

    Only what is empty goes: what another engine has made meanwhile is in use.
    """
    had_key, before = (root / _KEY).exists(), _found(root)
    try:
        yield
    finally:
        if not had_key:
            (root / _KEY).unlink(missing_ok=True)
        for place in _found(root) - before:
            for folder, _, _ in os.walk(place, topdown=False):
                with contextlib.suppress(OSError):
                    Path(folder).rmdir()


def with_every_table(rules: str) -> str:
    """Return what iptables-save told, with the tables that were not in use then.

    Where one is not named, iptables-restore leaves what an engine wrote into it.
    """
    unused = [text for name, text in _TABLES.items() if f"*{name}\n" not in rules]
    return rules + "".join(unused)


def _found(root: Path) -> set[Path]:
    return {place for pattern in _MADE for place in root.glob(pattern)}
