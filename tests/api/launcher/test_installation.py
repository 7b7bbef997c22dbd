"""Laws of the settings that an installation's processes get."""

from pathlib import Path

import click
import pytest

from api.launcher import installation
from api.launcher.statefolder import StateFolder
from api.settings import ApiSettings
from model_store.storage.signing import SigningKey
from worker.webhooks.sealing import new_key


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
            settings,
            state_dir=tmp_path / "var",
            redis_url="redis://x:1/0",
            port=8000,
            flower_port=5555,
        )
    )

    assert theirs["KERBSIDE_STORE_URL"] == str(tmp_path / "models")
    assert theirs["KERBSIDE_HEALTH_DIR"] == str(tmp_path / "health")
    assert theirs["KERBSIDE_PUBLIC_URL"] == "http://127.0.0.1:8000"
    assert theirs["KERBSIDE_FLOWER_URL"] == "http://127.0.0.1:5555"


def test_an_address_that_the_user_gave_stays() -> None:
    """A store elsewhere, and the name under which clients know the service."""
    settings = ApiSettings.from_env(
        {
            "KERBSIDE_STORE_URL": "file:///srv/models",
            "KERBSIDE_PUBLIC_URL": "https://prices.example.org",
            "KERBSIDE_FLOWER_URL": "https://flower.example.org",
        }
    )

    theirs = installation.for_children(
        settings,
        state_dir=Path("/var"),
        redis_url="redis://x:1/0",
        port=8000,
        flower_port=5555,
    )

    assert theirs.store_url == "file:///srv/models"
    assert theirs.public_url == "https://prices.example.org"
    assert theirs.flower_url == "https://flower.example.org"


@pytest.mark.parametrize(
    ("named", "theirs"),
    [
        (None, "sqlite:///{here}/var/archive.db"),
        ("sqlite:///own.db", "sqlite:///{here}/own.db"),
        ("sqlite:////srv/own.db", "sqlite:////srv/own.db"),
        ("postgresql+psycopg://u:hunter2@h/d", "postgresql+psycopg://u:hunter2@h/d"),
    ],
)
def test_there_is_an_archive_and_who_has_no_part_in_it_is_not_told_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None, theirs: str
) -> None:
    """In the state folder unless another one is named; it may hold a password."""
    monkeypatch.chdir(tmp_path)
    settings = installation.for_children(
        ApiSettings(archive_url=named),
        state_dir=tmp_path / "var",
        redis_url="redis://x:1/0",
        port=8000,
        flower_port=5555,
    )

    assert settings.archive_url == theirs.format(here=tmp_path)
    assert installation.environment(settings)["KERBSIDE_ARCHIVE_URL"] == ""


def test_only_training_is_told_where_the_private_key_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others get the public half to trust, in place of the file."""
    monkeypatch.chdir(tmp_path)
    key = SigningKey.create(Path("signing.pem"))
    monkeypatch.setenv("KERBSIDE_SIGNING_KEY_FILE", "signing.pem")
    settings = installation.for_children(
        installation.read_settings(),
        state_dir=tmp_path / "var",
        redis_url="redis://x:1/0",
        port=8000,
        flower_port=5555,
    )

    theirs = installation.environment(settings)

    assert theirs["KERBSIDE_TRUSTED_KEYS"] == key.public
    assert theirs["KERBSIDE_SIGNING_KEY_FILE"] == ""
    assert settings.signing_key_file == tmp_path / "signing.pem"


def test_keys_that_were_named_are_the_ones_that_the_processes_trust() -> None:
    """Whatever this machine signs with."""
    keys = (SigningKey.generate().public, SigningKey.generate().public)
    settings = ApiSettings(trusted_keys=keys)

    theirs = installation.environment(
        installation.for_children(
            settings,
            state_dir=Path("/var"),
            redis_url="redis://x:1/0",
            port=8000,
            flower_port=5555,
        )
    )

    assert ApiSettings.from_env(theirs).trusted_keys == keys


def test_a_signing_key_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    """By its variable, before anything is started."""
    settings = ApiSettings(signing_key_file=tmp_path / "gone.pem")

    with pytest.raises(click.UsageError, match=r"^KERBSIDE_SIGNING_KEY_FILE: no sign"):
        installation.for_children(
            settings,
            state_dir=tmp_path,
            redis_url="redis://x:1/0",
            port=8000,
            flower_port=5555,
        )


def test_no_process_is_given_secret_keys_with_the_rest(tmp_path: Path) -> None:
    """Those that need them are given them one by one."""
    settings = ApiSettings(secret_keys=(new_key(),), webhook_development=True)

    theirs = installation.environment(
        installation.for_children(
            settings,
            state_dir=tmp_path,
            redis_url="redis://x:1/0",
            port=8000,
            flower_port=5555,
        )
    )

    assert theirs["KERBSIDE_SECRET_KEYS"] == ""
    assert ApiSettings.from_env(theirs).webhook_development


def test_commands_know_how_the_installation_beside_them_runs(tmp_path: Path) -> None:
    """Unless they are told otherwise, or are about another one."""
    home = {"KERBSIDE_STATE_DIR": str(tmp_path)}
    alone = installation.as_it_runs(ApiSettings.from_env(home))
    running = ApiSettings(public_url="http://127.0.0.1:8123", webhook_development=True)
    StateFolder.prepare(tmp_path).note_settings(installation.noted(running))

    beside = installation.as_it_runs(ApiSettings.from_env(home))
    strict = {**home, "KERBSIDE_WEBHOOK_DEVELOPMENT": "false"}
    told = installation.as_it_runs(ApiSettings.from_env(strict))
    named = {**home, "KERBSIDE_REDIS_URL": "redis://127.0.0.1:6379/0"}
    other = installation.as_it_runs(ApiSettings.from_env(named))

    def seen(settings: ApiSettings) -> tuple[str, bool]:
        return settings.public_url, settings.webhook_development

    assert seen(alone) == seen(other) == ("http://127.0.0.1:8000", False)
    assert seen(beside) == ("http://127.0.0.1:8123", True)
    assert seen(told) == ("http://127.0.0.1:8123", False)
