"""An installation to look at, and a short way to what a check says of it."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from api.commands.checkup.finding import Finding, Status, Target
from api.settings import ApiSettings

Statuses = dict[str, Status]


@pytest.fixture
def target(api_settings: ApiSettings, operator_url: str, tmp_path: Path) -> Target:
    """Return an installation on the test's Redis and store, in a folder of its own."""
    where = {"state_dir": tmp_path, "redis_url": operator_url}
    return Target(settings=api_settings.model_copy(update=where))


def changed(target: Target, **settings: object) -> Target:
    """Return an installation with other settings."""
    fields = target.settings.model_dump(exclude_unset=True) | settings
    return Target(settings=ApiSettings(**fields))


def statuses(findings: Iterable[Finding]) -> Statuses:
    """Return the status of each check, after a look at what every finding owes."""
    found = list(findings)
    for one in found:
        assert one.found
        is_fine = one.status is Status.OK
        assert bool(one.expected) is bool(one.remedy) is not is_fine
    return {one.check: one.status for one in found}


def only(findings: Iterable[Finding], check: str) -> Finding:
    """Return the one finding of a check."""
    (found,) = [one for one in findings if one.check == check]
    return found


Configure = Callable[[str, str], None]
