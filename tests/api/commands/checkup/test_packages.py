"""What is said of an interpreter's packages."""

from importlib import metadata
from pathlib import Path

from api.commands.checkup import packages
from api.commands.checkup.finding import Status, Target
from tests.api.commands.checkup.conftest import only, statuses


def test_this_environment_is_as_its_lock_says(target: Target) -> None:
    """It was installed from it."""
    assert statuses(packages.check(target)) == {
        "python": Status.OK,
        "packages": Status.OK,
    }


def test_another_version_is_a_warning_and_a_missing_package_a_fault(
    tmp_path: Path,
) -> None:
    """Both are named with what the lock says."""
    lock = tmp_path / "base.txt"
    lock.write_text("click==1.0 \\\n    --hash=sha256:00\n")
    other = only(packages.compared(lock), "packages")
    lock.write_text("click==1.0\nno-such-package==2.0 ; python_version >= '3'\n")
    missing = only(packages.compared(lock), "packages")

    assert other.status is Status.WARNING
    assert f"click {metadata.version('click')} (lock: 1.0)" in other.found
    assert missing.status is Status.FAILED
    assert "no-such-package missing (lock: 2.0)" in missing.found
    assert str(lock) in missing.remedy


def test_without_a_lock_nothing_is_compared(tmp_path: Path) -> None:
    """A wheel brings none."""
    assert list(packages.compared(tmp_path / "none.txt")) == []
