"""Laws of `kerbside keys`."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis as redis_py

from api.launcher import faults
from tests.api.conftest import Run
from worker.credentials import ApiKeys, split_token
from worker.key_uses import KeyUses
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
        *("--expires-in", "7d", "--rate-limit", "100/60"),
        KERBSIDE_REDIS_URL=operator_url,
    )
    key = json.loads(created.stdout)
    run("keys", "revoke", key["id"], KERBSIDE_REDIS_URL=operator_url)
    listed = run("keys", "list", "--json", KERBSIDE_REDIS_URL=operator_url)
    table = run("keys", "list", KERBSIDE_REDIS_URL=operator_url)

    del key["token"]
    (told,) = json.loads(listed.stdout)
    assert told.pop("revoked_at") >= key["created_at"]
    del key["revoked_at"]
    assert told == key | {"state": "revoked"}
    assert key["expires_at"] > key["created_at"]
    assert key["rate_limit"] == "100/60"
    assert "acme" in table.output
    assert "revoked" in table.output


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("create", "--tenant", "No Such"), 2, "tenant 'No Such' cannot be used"),
        (("create", "--scope", "operate"), 2, "only keys of the tenant 'operator'"),
        (("create", "--scope", "everything"), 2, "'everything' is not one of"),
        (("create", "--name", "a\nb"), 2, "expected one line of at most 100"),
        (("create", "--expires-in", "90"), 2, "'90' is no duration"),
        (("create", "--expires-in", "999999999d"), 2, "after the year 9999"),
        (("show", "nothing"), 10, "That is no id of a key"),
        (("show", "A1b2C3d4E5f6"), 10, "There is no key A1b2C3d4E5f6"),
        (("create", "--rate-limit", "100"), 2, "whole numbers, such as 100/60"),
        (("create", "--rate-limit", "1/0"), 2, "rate limit '1/0' cannot be read"),
        (("revoke", "nothing"), 10, "That is no id of a key"),
        (("revoke", "A1b2C3d4E5f6"), 10, "There is no key A1b2C3d4E5f6"),
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


@pytest.mark.parametrize("verb", ["show", "revoke"])
def test_a_token_is_taken_for_its_id_and_never_told(
    run: Run, operator_url: str, redis: redis_py.Redis, verb: str
) -> None:
    """Who has a key at hand has its token; a damaged one is told as no id."""
    here = {"KERBSIDE_REDIS_URL": operator_url}
    token, key = ApiKeys(redis).create(tenant="acme", scopes=["read"])

    done, damaged = run("keys", verb, token, **here), run("keys", verb, f"{token}x")

    assert done.exit_code == 0, done.stderr
    assert key.id in done.stdout
    assert (damaged.exit_code, "no id of a key" in damaged.stderr) == (10, True)
    assert token[16:] not in done.output + damaged.output


def test_keys_are_narrowed_to_a_tenant_and_shown_with_their_last_use(
    run: Run, redis_url: str, redis: redis_py.Redis
) -> None:
    """Whoever replaces keys sees which are still in use."""
    here = {"KERBSIDE_REDIS_URL": redis_url}
    (one, _) = (
        json.loads(run("keys", "create", "--tenant", tenant, "--json", **here).stdout)
        for tenant in ("acme", "globex")
    )
    KeyUses(redis).keep({one["id"]: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)})

    listed = json.loads(
        run("keys", "list", "--tenant", "acme", "--json", **here).stdout
    )
    shown = json.loads(run("keys", "show", one["id"], "--json", **here).stdout)
    table = run("keys", "list", **here).stdout
    grid = run("keys", "show", one["id"], **here).stdout

    del one["token"]
    used = {"last_used_at": "2026-01-02T03:04:05.000Z"}
    assert listed == [shown] == [one | used]
    assert "2026-01-02 03:04" in table
    assert "never" in table
    assert used["last_used_at"] in grid


def test_the_loss_of_the_last_key_that_operates_is_told(
    run: Run, redis_url: str
) -> None:
    """It is done, for who has this command can make another."""
    here = {"KERBSIDE_REDIS_URL": redis_url}
    create = ("keys", "create", "--tenant", "operator", "--scope", "operate", "--json")
    first, last = (json.loads(run(*create, **here).stdout)["id"] for _ in range(2))

    quiet = run("keys", "revoke", first, **here)
    warned = run("keys", "revoke", last, **here)

    assert (quiet.exit_code, quiet.stderr) == (0, "")
    assert warned.exit_code == 0
    assert "no usable key with the scope operate is left" in warned.stderr


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
