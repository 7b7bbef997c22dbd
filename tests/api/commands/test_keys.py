"""Laws of `kerbside keys`."""

import json
from pathlib import Path

import pytest
import redis as redis_py

from api.launcher import faults
from tests.api.conftest import Run
from worker.credentials import ApiKeys, split_token
from worker.supervision import embedded


def test_a_created_key_opens(
    run: Run, operator_url: str, redis: redis_py.Redis
) -> None:
    """The token on stdout is the key that is kept."""
    done = run("keys", "create", "--name", "notebook", KERBSIDE_REDIS_URL=operator_url)

    parts = split_token(done.output.strip())
    assert parts
    key = ApiKeys(redis).find(parts[0])
    assert key
    assert key.opens(parts[1])
    assert (key.tenant, key.scopes) == ("default", frozenset({"predict", "read"}))


def test_keys_are_listed_without_secrets_and_revoked(
    run: Run, operator_url: str
) -> None:
    """A list can be shown to anybody; a revoked key says so."""
    created = run(
        *("keys", "create", "--tenant", "acme", "--scope", "read", "--json"),
        *("--days", "7"),
        KERBSIDE_REDIS_URL=operator_url,
    )
    key = json.loads(created.stdout)
    run("keys", "revoke", key["id"], KERBSIDE_REDIS_URL=operator_url)
    listed = run("keys", "list", "--json", KERBSIDE_REDIS_URL=operator_url)
    table = run("keys", "list", KERBSIDE_REDIS_URL=operator_url)

    del key["token"]
    assert json.loads(listed.stdout) == [key | {"state": "revoked"}]
    assert key["expires_at"] > key["created_at"]
    assert "acme" in table.output
    assert "revoked" in table.output


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("create", "--tenant", "No Such"), 2, "tenant 'No Such' cannot be used"),
        (("create", "--scope", "operate"), 2, "only keys of the tenant 'operator'"),
        (("create", "--scope", "everything"), 2, "'everything' is not one of"),
        (("revoke", "nothing"), 10, "There is no key nothing"),
    ],
)
def test_a_wrong_key_command_is_told(
    run: Run,
    operator_url: str,
    arguments: tuple[str, ...],
    exit_code: int,
    message: str,
) -> None:
    """What cannot be made or found is a message, not a traceback."""
    done = run("keys", *arguments, KERBSIDE_REDIS_URL=operator_url)

    assert done.exit_code == exit_code
    assert message in done.stderr


def test_keys_find_the_embedded_server_of_the_state_folder(
    run: Run, tmp_path: Path
) -> None:
    """Beside a running `kerbside up` no address has to be given."""
    with embedded.serving(tmp_path / "state" / "redis"):
        created = run("keys", "create")
        listed = run("keys", "list", "--json")

    assert json.loads(listed.stdout)[0]["id"] in created.stdout


def test_keys_without_an_installation_are_told_what_to_do(run: Run) -> None:
    """Nothing was started yet."""
    done = run("keys", "list")

    assert done.exit_code == faults.RedisUnreachable.exit_code
    assert "start one with `kerbside up`" in done.stderr


def test_keys_with_a_stopped_installation_are_told_so(run: Run, tmp_path: Path) -> None:
    """The embedded server has ended with `kerbside up`."""
    embedded.prepare(tmp_path / "state" / "redis").close()

    done = run("keys", "list")

    assert done.exit_code == faults.RedisUnreachable.exit_code
    assert "Is `kerbside up` running?" in done.stderr


def test_keys_of_another_users_installation_are_told_as_such(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is there, only not for this user."""
    (tmp_path / "state" / "redis").mkdir(parents=True)
    monkeypatch.setattr("os.access", lambda *_: False)

    done = run("keys", "list")

    assert done.exit_code == faults.RedisUnreachable.exit_code
    assert "run the command as the user who started it" in done.stderr
