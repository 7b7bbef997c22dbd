"""Whether only their owner can read the files that hold secrets or houses."""

from collections.abc import Iterator
from pathlib import Path

from api.commands.checkup.finding import Finding, Status, Target

#: Bits of a mode that let others than the owner in.
_OTHERS = 0o077


def check(target: Target) -> Iterator[Finding]:
    """Look at the modes of keys and passwords that lie on this machine."""
    settings = target.settings
    redis = settings.state_dir / "redis"
    secrets = (
        settings.state_dir / "access.json",
        settings.state_dir / "secret-keys",
        redis,
        redis / "connection.json",
        redis / "valkey.conf",
        settings.own_signing_key(),
        settings.own_archive(),
    )
    there = [path for path in secrets if path.exists()]
    open_ones = [path for path in there if path.stat().st_mode & _OTHERS]
    for path in open_ones:
        yield _open(path)
    if there and not open_ones:
        yield Finding(
            check="secrets", found=f"{len(there)} files, for their owner alone"
        )


def _open(path: Path) -> Finding:
    mode = "700" if path.is_dir() else "600"
    return Finding(
        check="secrets",
        status=Status.FAILED,
        found=f"{path} has mode {path.stat().st_mode & 0o777:o}",
        expected=f"{mode}, for its owner alone",
        remedy=f"chmod {mode} {path}; if others were here, replace the secret too.",
    )
