"""Laws of `kerbside init`: what containers need, and what is never replaced."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from model_store.settings import ModelSettings
from model_store.storage import signing
from tests.api.conftest import Run
from tests.deploy import compose_file
from worker.webhook_settings import WebhookSettings

START = "docker compose up -d --wait"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where the secrets go; it does not exist yet."""
    return tmp_path / "deploy" / "secrets"


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _variable(file: Path) -> dict[str, str]:
    name, _, value = file.read_text().strip().partition("=")
    return {name: value}


def test_it_writes_every_secret_that_the_compose_file_names(
    run: Run, folder: Path
) -> None:
    """Nothing is left to be made by hand, the archive's included if it is wanted."""
    done = run("init", str(folder), "--archive", "postgres")

    named = {
        name
        for one in compose_file.services().values()
        for name in compose_file.secrets_of(one)
    }
    assert done.exit_code == 0, done.stderr
    assert named <= {path.name for path in folder.iterdir()}


def test_the_folder_is_for_its_owner_alone(run: Run, folder: Path) -> None:
    """What containers of other users read lies open in it, and nothing else does."""
    folder.mkdir(parents=True, mode=0o755)

    run("init", str(folder), "--archive", "postgres")

    assert folder.stat().st_mode & 0o777 == 0o700
    assert _opened(folder) == _mounted() | {"signing-key.pub"}


@pytest.mark.parametrize("spoilt", ["archive.env", "trust.env"])
def test_a_refusal_leaves_open_what_containers_read(
    run: Run, folder: Path, spoilt: str
) -> None:
    """Redis starts again, whose users were written before it."""
    run("init", str(folder), "--archive", "postgres")
    (folder / spoilt).write_text("KERBSIDE_OTHER=1\n")

    done = run("init", str(folder))

    assert done.exit_code == 2
    assert _opened(folder) == _mounted() | {"signing-key.pub"}


def _opened(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.stat().st_mode & 0o077}


def _mounted() -> set[str]:
    return {
        name
        for one in compose_file.services().values()
        for name in compose_file.mounted(one)
    }


def test_what_it_writes_fits_together(run: Run, folder: Path) -> None:
    """What training signs is what the others trust; the sealing key is one."""
    run("init", str(folder))

    key = signing.own_key(ModelSettings(signing_key_file=folder / "signing-key.pem"))
    trusted = ModelSettings.from_env(_variable(folder / "trust.env")).trusted_keys
    assert trusted == (key.public,)
    sealing = WebhookSettings.from_env(_variable(folder / "sealing.env"))
    assert len(sealing.secret_keys) == 1
    assert _variable(folder / "api.env")["KERBSIDE_REDIS_URL"].endswith("@redis:6379/0")


def test_nothing_is_ever_replaced(run: Run, folder: Path) -> None:
    """A second run makes no new key, with which nobody could open what was sealed."""
    run("init", str(folder), "--archive", "postgres")
    (folder / "metrics-key").write_text("kb_1")
    before = _contents(folder)

    done = run("init", str(folder))

    assert done.exit_code == 0
    assert _contents(folder) == before
    assert "stay as they are" in done.stdout


def test_an_archive_is_made_where_it_was_asked_for_and_may_be_later(
    run: Run, folder: Path
) -> None:
    """Without, no process is told of one; with it, all that was there stays."""
    early = run("init", str(folder))
    before = _contents(folder)

    done = run("init", str(folder), "--archive", "postgres")

    assert "COMPOSE_PROFILES" not in early.stdout
    after = _contents(folder)
    made = {"archive.env", "archive.sql", "postgres-password"}
    assert after.keys() - before.keys() == made
    assert before.items() <= after.items()
    lines = done.stdout.splitlines()
    assert "  COMPOSE_PROFILES=postgres" in lines[: lines.index("  " + START)]
    told = json.loads(run("init", str(folder), "--json").stdout)
    assert told["env"] == ["COMPOSE_PROFILES=postgres"]
    address = ModelSettings.from_env(_variable(folder / "archive.env")).archive_url
    assert address
    parts = urlsplit(address)
    assert (parts.username, parts.hostname, parts.path) == (
        *("kerbside", "postgres", "/kerbside"),
    )
    assert f"PASSWORD '{parts.password}'" in after["archive.sql"].decode()
    assert after["postgres-password"].decode() != parts.password


def test_its_server_follows_a_new_password_of_the_archive(
    run: Run, folder: Path
) -> None:
    """As the users of Redis do."""
    run("init", str(folder), "--archive", "postgres")
    before = _contents(folder)
    (folder / "archive.env").unlink()

    run("init", str(folder))

    after = _contents(folder)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"archive.env", "archive.sql"}


@pytest.mark.parametrize(
    "elsewhere",
    [
        "postgresql+psycopg://me:hunter22@db.example.org/k",
        "postgresql+psycopg://kerbside:hunter22'@postgres:5432/kerbside",
        "postgresql+psycopg://kerbside:hunter22%40@postgres:5432/kerbside",
    ],
)
def test_an_archive_elsewhere_is_never_replaced(
    run: Run, folder: Path, elsewhere: str
) -> None:
    """It is told which file names it, and how one comes to the other."""
    run("init", str(folder))
    other = f"KERBSIDE_ARCHIVE_URL={elsewhere}\n"
    (folder / "archive.env").write_text(other)

    done = run("init", str(folder), "--archive", "postgres")

    assert done.exit_code == 2
    assert "archive.env: expected the archive of the profile postgres" in done.stderr
    assert "hunter22" not in done.output
    assert (folder / "archive.env").read_text() == other
    assert run("init", str(folder)).exit_code == 0


@pytest.mark.parametrize("lost", ["flower-login.env", "worker.env", "metrics-key"])
def test_what_was_removed_is_made_anew_and_nothing_else(
    run: Run, folder: Path, lost: str
) -> None:
    """That is how a password is changed; the users' file follows."""
    run("init", str(folder))
    before = _contents(folder)
    (folder / lost).unlink()

    told = json.loads(run("init", str(folder), "--json").stdout)

    after = _contents(folder)
    follows = {"users.acl"} if lost == "worker.env" else set()
    changed = {name for name in before if before[name] != after[name]}
    assert told["made"] == [str(folder / lost)]
    assert len(told["kept"]) == len(before) - 1
    assert changed == (follows | {lost} if before[lost] else set())


def test_a_signing_key_that_nobody_trusts_is_told(run: Run, folder: Path) -> None:
    """Whoever replaced it finds out before the workers refuse every new model."""
    run("init", str(folder))
    (folder / "signing-key.pem").unlink()
    (folder / "signing-key.pub").unlink()

    done = run("init", str(folder))

    assert done.exit_code == 2
    assert "trust.env does not name ed25519:" in done.stderr


def test_no_secret_is_printed_and_the_next_commands_are(run: Run, folder: Path) -> None:
    """They are what the page says."""
    done = run("init", str(folder), "--archive", "postgres")

    for path in folder.glob("*.env"):
        assert path.read_text().strip().partition("=")[2] not in done.output
    assert "PRIVATE" not in done.output
    assert f"export SECRETS_DIR={folder}" in done.stdout
    assert START in done.stdout
    assert "docker compose run --rm kerbside keys create" in done.stdout


def test_a_folder_that_cannot_be_written_is_a_sentence(
    run: Run, tmp_path: Path
) -> None:
    """Which, and why."""
    (tmp_path / "file").touch()

    done = run("init", str(tmp_path / "file" / "secrets"))

    assert done.exit_code == 74
    assert "Not a directory" in done.stderr
    assert "Traceback" not in done.stderr
