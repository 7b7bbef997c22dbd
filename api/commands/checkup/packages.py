"""Whether Python and the installed packages are those that were tested."""

import platform
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import api
from api.commands.checkup.finding import Finding, Status, Target

_OLDEST = (3, 11)
#: Beside the code in a checkout; a wheel brings none.
_LOCK = Path(api.__file__).parents[1] / "requirements" / "base.txt"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
#: Packages that are named in one line.
_NAMED = 5


def check(_: Target) -> Iterator[Finding]:
    """Compare the packages of this interpreter with the lock."""
    python = f"Python {platform.python_version()}, kerbside {api.__version__}"
    if sys.version_info[:2] < _OLDEST:
        yield Finding(
            check="python",
            status=Status.FAILED,
            found=f"{python} at {sys.executable}",
            expected="Python 3.11 or newer",
            remedy="Install it into a newer Python.",
        )
    else:
        yield Finding(check="python", found=python)
    yield from compared(_LOCK)


def compared(lock: Path) -> Iterator[Finding]:
    """Compare what is installed with the pins of a lock, if there is one."""
    try:
        pins = dict(_PIN.findall(lock.read_text(encoding="utf-8")))
    except OSError:
        return
    differ = [
        f"{name} {_installed(name) or 'missing'} (lock: {version})"
        for name, version in pins.items()
        if _installed(name) != version
    ]
    if not differ:
        yield Finding(check="packages", found=f"{len(pins)} as the lock says")
        return
    more = f" and {len(differ) - _NAMED} more" if len(differ) > _NAMED else ""
    yield Finding(
        check="packages",
        status=Status.FAILED if "missing" in " ".join(differ) else Status.WARNING,
        found=f"{', '.join(differ[:_NAMED])}{more}",
        expected=f"what {lock} pins, which is what was tested",
        remedy=f"{sys.executable} -m pip install --require-hashes -r {lock}",
    )


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
