"""What is said of the files that hold secrets."""

from pathlib import Path

from api.commands.checkup import secret_files
from api.commands.checkup.finding import Status, Target
from api.settings import ApiSettings
from tests.api.commands.checkup.conftest import only


def test_a_secret_that_others_can_read_is_told(tmp_path: Path) -> None:
    """The remedy is a command to paste."""
    key = tmp_path / "signing-key.pem"
    (tmp_path / "access.json").touch(mode=0o600)
    key.touch(mode=0o600)
    target = Target(settings=ApiSettings(state_dir=tmp_path))
    before = only(secret_files.check(target), "secrets")
    key.chmod(0o640)

    after = only(secret_files.check(target), "secrets")

    assert (before.status, after.status) == (Status.OK, Status.FAILED)
    assert f"{key} has mode 640" in after.found
    assert f"chmod 600 {key}" in after.remedy


def test_where_there_are_no_secrets_nothing_is_said(tmp_path: Path) -> None:
    """Nothing was started yet."""
    target = Target(settings=ApiSettings(state_dir=tmp_path))

    assert list(secret_files.check(target)) == []
