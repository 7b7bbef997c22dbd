"""Whether the settings are read as they were meant."""

import difflib
from collections.abc import Iterator

from api.commands.checkup.finding import Finding, Status, Target
from api.settings import ApiSettings
from model_store.settings import PREFIX


def check(target: Target) -> Iterator[Finding]:
    """Look for variables that hold what they may not, or that nothing reads."""
    known = {PREFIX + name.upper() for name in ApiSettings.model_fields}
    known |= target.options
    for name, message in target.invalid.items():
        yield Finding(
            check="settings",
            status=Status.FAILED,
            found=f"{name}: {message}",
            expected="a value that it may have",
            remedy="Mend it; until then the other findings are about its default.",
        )
    unread = sorted(target.variables.keys() - known)
    for name in unread:
        yield _unread(name, known)
    if not (unread or target.invalid):
        yield Finding(check="settings", found=_told(target))


def _unread(name: str, known: set[str]) -> Finding:
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"Did you mean {near[0]}?" if near else "No setting is called like it."
    return Finding(
        check="settings",
        status=Status.WARNING,
        found=f"nothing reads {name}",
        expected="a variable of docs/reference/settings.md",
        remedy=f"{meant} Rename or unset it.",
    )


def _told(target: Target) -> str:
    if not target.variables:
        return "all at their defaults"
    return f"{', '.join(sorted(target.variables))}; all others at their defaults"
