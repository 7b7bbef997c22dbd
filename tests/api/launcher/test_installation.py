"""Laws of the settings that an installation's processes get."""

from pathlib import Path

import click
import pytest

from api.launcher import installation
from api.settings import ApiSettings


def test_a_setting_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By its variable, with what is wrong about it."""
    monkeypatch.setenv("KERBSIDE_WAITERS", "many")

    with pytest.raises(click.UsageError, match=r"^KERBSIDE_WAITERS: .*integer"):
        installation.read_settings()


def test_only_a_redis_that_was_named_is_the_users_own() -> None:
    """The default address is nobody's choice."""
    named = ApiSettings.from_env({"KERBSIDE_REDIS_URL": "redis://127.0.0.1:6379/0"})

    assert installation.names_redis(named)
    assert not installation.names_redis(ApiSettings.from_env({}))


def test_paths_hold_in_another_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The processes work in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    settings = ApiSettings(store_url="models", health_dir=Path("health"))

    theirs = installation.environment(
        installation.for_children(
            settings, state_dir=tmp_path / "var", redis_url="redis://x:1/0", port=8000
        )
    )

    assert theirs["KERBSIDE_STORE_URL"] == str(tmp_path / "models")
    assert theirs["KERBSIDE_HEALTH_DIR"] == str(tmp_path / "health")
    assert theirs["KERBSIDE_PUBLIC_URL"] == "http://127.0.0.1:8000"


def test_an_address_that_the_user_gave_stays() -> None:
    """A store elsewhere, and the name under which clients know the service."""
    settings = ApiSettings.from_env(
        {
            "KERBSIDE_STORE_URL": "file:///srv/models",
            "KERBSIDE_PUBLIC_URL": "https://prices.example.org",
        }
    )

    theirs = installation.for_children(
        settings, state_dir=Path("/var"), redis_url="redis://x:1/0", port=8000
    )

    assert theirs.store_url == "file:///srv/models"
    assert theirs.public_url == "https://prices.example.org"
