"""Laws of copies of endpoints: complete, repeatable, and whole or not at all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.api.commands.webhooks.conftest import URL, Operator
from worker.webhooks.sealing import new_key
from worker.webhooks.signing import new_secret


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where a copy is to be."""
    return tmp_path / "webhooks.json"


@pytest.fixture
def other(make_operator: Callable[..., Operator]) -> Callable[[], Operator]:
    """Return a function that empties the installation, as if it were another one."""

    def other() -> Operator:
        made = make_operator(new_key())
        made.redis.flushall()
        return made

    return other


def _write(file: Path, *endpoints: dict[str, Any], **more: Any) -> None:
    record = {"object": "webhooks", "endpoints": endpoints, **more}
    file.write_text(json.dumps(record))


def test_a_copy_with_secrets_is_the_same_elsewhere(
    operator: Operator, other: Callable[[], Operator], file: Path
) -> None:
    """Receivers notice nothing of the move: old secrets and new ones sign on."""
    made = operator.told("create", URL, "--tenant", "acme", "--event", "endpoint.*")
    rotated = operator.told("rotate-secret", made["id"], "--tenant", "acme")["secret"]
    default = operator.keyring.default("blue")
    operator.told("create", URL, "--description", "till")
    operator.told("disable", operator.told("list", "--tenant", "default")[0]["id"])

    assert operator.told("export", "--with-secrets", "-o", str(file))["endpoints"] == 2
    elsewhere = other()
    told = elsewhere.told("import", str(file))["endpoints"]

    assert file.stat().st_mode & 0o777 == 0o600
    assert [one["outcome"] for one in told] == ["created", "created"]
    assert [one for one in told if "secret" in one] == []
    first, second = elsewhere.told("list")
    assert elsewhere.keyring.secrets(first["id"]) == [rotated, made["secret"]]
    assert elsewhere.keyring.secrets("default:blue") == [default]
    assert (first["events"], first["enabled"]) == (["endpoint.*"], True)
    assert (second["description"], second["enabled"]) == ("till", False)


def test_an_import_can_be_repeated(
    operator: Operator, other: Callable[[], Operator], file: Path
) -> None:
    """The same endpoints are there afterwards, with the same secrets."""
    operator.told("create", URL)
    operator.told("export", "--with-secrets", "-o", str(file))
    elsewhere = other()

    first = elsewhere.told("import", str(file))["endpoints"]
    secrets = elsewhere.keyring.secrets(first[0]["id"])
    second = elsewhere.told("import", str(file))["endpoints"]

    assert second == [{**first[0], "outcome": "unchanged"}]
    assert elsewhere.keyring.secrets(first[0]["id"]) == secrets


def test_what_differs_is_changed(operator: Operator, file: Path) -> None:
    """Order of events is no difference; a secret from the file signs from now on."""
    made = operator.told(
        *("create", URL, "--event", "endpoint.*", "--event", "prediction.*")
    )
    secret = new_secret()
    copy = {"tenant": "default", "url": URL, "events": ["prediction.*", "endpoint.*"]}

    for changes in ({"description": "till"}, {"secrets": [secret]}):
        copy |= changes
        _write(file, copy)
        assert operator.type("import", str(file)).stdout.startswith("changed")

    (one,) = operator.told("list")
    assert (one["id"], one["description"]) == (made["id"], "till")
    assert operator.keyring.secrets(made["id"]) == [secret, made["secret"]]


def test_a_copy_without_secrets_goes_to_a_terminal_and_new_ones_are_shown(
    operator: Operator, other: Callable[[], Operator], file: Path
) -> None:
    """Those with secrets never do."""
    made = operator.told("create", URL)
    exported = operator.type("export")
    refused = operator.type("export", "--with-secrets")
    file.write_text(exported.stdout)
    elsewhere = other()

    done = elsewhere.type("import", str(file))

    assert made["secret"] not in exported.stdout
    assert refused.exit_code == 2
    assert "--with-secrets needs -o" in refused.stderr
    (one,) = elsewhere.told("list")
    (secret,) = elsewhere.keyring.secrets(one["id"])
    assert f"shown this once: {secret}" in done.stdout


def test_a_copy_of_one_tenant_holds_no_other(operator: Operator, file: Path) -> None:
    """Neither endpoints nor secrets."""
    for tenant in ("acme", "blue"):
        operator.told("create", URL, "--tenant", tenant)
        operator.keyring.default(tenant)

    operator.told("export", "--tenant", "acme", "--with-secrets", "-o", str(file))

    copy = json.loads(file.read_text())
    tenants = {one["tenant"] for one in copy["endpoints"] + copy["default_secrets"]}
    assert tenants == {"acme"}


_GOOD = {"tenant": "acme", "url": URL, "events": ["*"]}


@pytest.mark.parametrize(
    ("endpoint", "place", "told"),
    [
        ({**_GOOD, "url": "https://10.0.0.1/"}, "endpoints[1].url", "10.0.0.1"),
        ({**_GOOD, "url": 1}, "endpoints[1].url", "string"),
        ({**_GOOD, "events": ["all"]}, "endpoints[1].events[0]", "Expected one of *"),
        ({**_GOOD, "events": ["*", "*"]}, "endpoints[1].events", "named twice"),
        ({**_GOOD, "description": 513 * "x"}, "endpoints[1].description", "512"),
        ({**_GOOD, "events": []}, "endpoints[1].events", "at least 1"),
        ({**_GOOD, "tenant": "A B"}, "endpoints[1].tenant", "name of a tenant"),
        ({**_GOOD, "secrets": ["x"]}, "endpoints[1].secrets[0]", "whsec_"),
        ({**_GOOD, "enabled": "yes"}, "endpoints[1].enabled", "boolean"),
        ({**_GOOD, "evnts": []}, "endpoints[1].evnts", "Extra"),
        ({"tenant": "acme", "events": ["*"]}, "endpoints[1].url", "required"),
        (_GOOD, "endpoints[1]", "got them 2 times"),
    ],
)
def test_a_fault_anywhere_leaves_everything_as_it_was(
    operator: Operator, file: Path, endpoint: dict[str, Any], place: str, told: str
) -> None:
    """The message names the file, the place in it and what was expected."""
    _write(file, _GOOD, endpoint)

    done = operator.type("import", str(file))

    assert done.exit_code == 2
    assert str(file) in done.stderr
    assert f"{place}: " in done.stderr
    assert told in done.stderr
    assert operator.told("list") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [("{", "expected JSON"), ("[]", "the file:"), ("{}", "endpoints: Field required")],
)
def test_a_file_of_another_kind_is_told(
    operator: Operator, file: Path, text: str, told: str
) -> None:
    """It may be any file at all."""
    file.write_text(text)

    done = operator.type("import", str(file))

    assert done.exit_code == 2
    assert told in done.stderr


def test_more_endpoints_than_a_tenant_may_have_are_told_before_any_is_made(
    operator: Operator, file: Path
) -> None:
    """Those that are there count."""
    operator.told("create", URL, "--tenant", "acme")
    _write(file, *({**_GOOD, "url": f"{URL}/{number}"} for number in range(20)))

    done = operator.type("import", str(file))

    assert done.exit_code == 2
    assert "acme has 1 endpoints and would get 20 more" in done.stderr
    assert len(operator.told("list")) == 1


def test_a_secret_in_a_damaged_file_is_not_repeated(
    operator: Operator, file: Path
) -> None:
    """A message goes to a log."""
    secret = new_secret()
    _write(file, {**_GOOD, "secrets": [secret + "!"]})

    assert secret not in operator.type("import", str(file)).output


def test_a_file_that_is_not_there_is_told(operator: Operator, file: Path) -> None:
    """As every command tells it."""
    done = operator.type("import", str(file))

    assert done.exit_code == 74
    assert str(file) in done.stderr
