"""Laws of the commands that replace secrets and the keys that seal them."""

from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet

from tests.api.commands.webhooks.conftest import URL, Operator
from worker.webhooks.sealing import new_key


def test_a_replaced_secret_goes_on_signing_beside_the_new_one(
    operator: Operator,
) -> None:
    """So that a receiver can be changed without losing an event."""
    made = operator.told("create", URL)

    told = operator.told("rotate-secret", made["id"])

    assert operator.keyring.secrets(made["id"]) == [told["secret"], made["secret"]]


def test_the_secret_of_requests_own_webhooks_is_replaced_too(
    operator: Operator,
) -> None:
    """Under the name `default`."""
    before = operator.keyring.default("acme")

    after = operator.type("rotate-secret", "default", "--tenant", "acme").stdout.strip()

    assert operator.keyring.secrets("default:acme") == [after, before]


def test_a_new_key_is_one_and_needs_no_installation(operator: Operator) -> None:
    """It is printed, not kept."""
    key = operator.type("new-key", KERBSIDE_REDIS_URL="redis://127.0.0.1:1/0").stdout

    Fernet(key.strip())
    assert operator.told("new-key")["key"] != key.strip()


def test_secrets_are_sealed_anew_so_that_the_old_key_can_go(
    make_operator: Callable[..., Operator],
) -> None:
    """They stay what they were, those that are being replaced too."""
    old, new = new_key(), new_key()
    before = make_operator(old)
    made = before.told("create", URL)
    rotated = before.told("rotate-secret", made["id"])["secret"]
    default = before.keyring.default("acme")

    assert make_operator(new, old).told("reseal") == {"resealed": 2, "sealed": []}

    after = make_operator(new)
    assert after.keyring.secrets(made["id"]) == [rotated, made["secret"]]
    assert after.keyring.default("acme") == default


def test_a_secret_that_no_key_opens_is_told_and_stays(
    make_operator: Callable[..., Operator],
) -> None:
    """The others are done; its own key still opens it."""
    lost, kept = make_operator(new_key()), make_operator(new_key())
    first = lost.told("create", URL)
    kept.told("create", URL)

    done = kept.type("reseal")

    assert done.exit_code == 15
    assert first["id"] in done.stderr
    assert "secrets of 1 are sealed" in done.stdout
    assert lost.keyring.secrets(first["id"]) == [first["secret"]]


def test_nothing_is_sealed_without_a_key(operator: Operator) -> None:
    """Even where nobody has a secret: the command would promise too much."""
    assert operator.type("reseal", KERBSIDE_SECRET_KEYS="").exit_code == 15


def test_the_key_of_the_state_folder_is_found(
    operator: Operator, tmp_path: Path
) -> None:
    """Beside a running `kerbside up` no setting is needed."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "secret-keys").write_text(operator.settings.secret_keys[0])

    done = operator.type("create", URL, KERBSIDE_SECRET_KEYS="")

    endpoint_id, secret = done.stdout.split()
    assert operator.keyring.secrets(endpoint_id) == [secret]
