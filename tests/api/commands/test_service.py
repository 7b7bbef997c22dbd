"""Laws of how a command finds the API and a key that opens it."""

from pathlib import Path

import pytest
import redis as redis_py

from api.launcher.faults import ApiUnreachable, KeyRefused
from api.launcher.local_keys import LocalAccess
from api.launcher.statefolder import StateFolder
from tests.api.commands.conftest import Predict, Write
from tests.api.conftest import MakeHeaders
from worker.audit import Audit
from worker.credentials import ApiKeys


def test_an_api_that_is_away_is_told(
    predict: Predict, write: Write, tmp_path: Path
) -> None:
    """By a code of its own, and nothing is left behind."""
    done = predict(
        *(write(1), "-o", tmp_path / "priced.csv", "--timeout", "1"),
        KERBSIDE_URL="http://127.0.0.1:1",
    )

    assert done.exit_code == ApiUnreachable.exit_code
    assert "http://127.0.0.1:1" in done.stderr
    assert list(tmp_path.glob("priced*")) == []


def test_an_api_without_workers_is_told(
    predict: Predict, write: Write, tmp_path: Path
) -> None:
    """No house ends in time: the command says how to go on."""
    done = predict(write(2), "-o", tmp_path / "priced.csv", "--timeout", "1")

    assert done.exit_code == ApiUnreachable.exit_code
    assert "Stopped: 0 of 2 houses are done. To go on:" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--url", "127.0.0.1:8000"),
        ("--url", "localhost"),
        ("--url", "ftp://localhost"),
        ("--url", "http://localhost:eighty"),
        ("--key", "schl\u00fcssel"),
    ],
    ids=lambda words: words[1],
)
def test_an_address_or_a_key_that_cannot_be_one_is_told(
    predict: Predict, write: Write, words: tuple[str, str]
) -> None:
    """As the wrong option that it is, and without the key."""
    done = predict(write(1), *words)

    assert done.exit_code == 2
    assert "The address (--url, KERBSIDE_URL) or the key" in done.stderr
    assert "schl\u00fcssel" not in done.stderr


@pytest.mark.parametrize("key", ["kb_0123456789abcdef_nothing", "nothing"])
def test_a_key_that_opens_nothing_is_told(
    predict: Predict, write: Write, key: str
) -> None:
    """By a code of its own, and without the key."""
    done = predict(write(1), "--key", key)

    assert done.exit_code == KeyRefused.exit_code
    assert "API key not valid" in done.stderr
    assert key not in done.stderr


def test_a_key_that_may_not_submit_is_told(
    predict: Predict, write: Write, bearer: MakeHeaders
) -> None:
    """It may read the model, and then not price."""
    token = bearer(scopes="read")["Authorization"].removeprefix("Bearer ")

    done = predict(write(1), "--key", token)

    assert done.exit_code == KeyRefused.exit_code
    assert "'predict'" in done.stderr


def test_an_unknown_version_is_told(predict: Predict, write: Write) -> None:
    """As the wrong option that it is."""
    done = predict(write(1), "--version", "nothing")

    assert done.exit_code == 2
    assert "--version nothing" in done.stderr


def test_without_an_address_it_is_the_local_installation(
    predict: Predict,
    write: Write,
    worker: None,
    url: str,
    keys: ApiKeys,
    redis: redis_py.Redis,
    tmp_path: Path,
) -> None:
    """Beside a running `kerbside up` neither address nor key has to be given."""
    state = StateFolder.prepare(tmp_path / "state")
    state.note_ports(api=int(url.rpartition(":")[2]))
    LocalAccess(state.access).keys(keys, Audit(redis))

    done = predict(write(1), KERBSIDE_URL="", KERBSIDE_API_KEY="")

    assert done.exit_code == 0, done.stderr


def test_the_local_key_is_sent_to_no_other_server(
    predict: Predict,
    write: Write,
    keys: ApiKeys,
    redis: redis_py.Redis,
    tmp_path: Path,
) -> None:
    """Who names an address names the key as well."""
    access = LocalAccess(StateFolder.prepare(tmp_path / "state").access)
    access.keys(keys, Audit(redis))

    done = predict(write(1), KERBSIDE_API_KEY="")

    assert done.exit_code == 2
    assert "say --key" in done.stderr


def test_without_an_installation_it_says_what_to_do(
    predict: Predict, write: Write
) -> None:
    """Nothing was started yet."""
    done = predict(write(1), KERBSIDE_URL="")

    assert done.exit_code == ApiUnreachable.exit_code
    assert "start one with `kerbside up`" in done.stderr


def test_another_users_installation_is_told_as_such(
    predict: Predict, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is there, only not for this user."""
    houses, state = write(1), StateFolder.prepare(tmp_path / "state")
    monkeypatch.setattr("os.access", lambda path, _: path != state.path)

    done = predict(houses, KERBSIDE_URL="")

    assert done.exit_code == ApiUnreachable.exit_code
    assert "not this user's: run the command as the user who" in done.stderr
