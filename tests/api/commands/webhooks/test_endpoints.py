"""Laws of the commands that list, make, change and delete endpoints."""

import pytest

from tests.api.commands.webhooks.conftest import URL, Operator


def test_a_made_endpoint_is_shown_with_its_secret_once(operator: Operator) -> None:
    """The secret is the one that signs; no later command repeats it."""
    made = operator.told(
        *("create", URL, "--tenant", "acme", "--description", "till"),
        *("--event", "prediction.failed", "--event", "endpoint.*"),
    )
    secret = made.pop("secret")

    assert operator.keyring.secrets(made["id"]) == [secret]
    assert operator.told("show", made["id"], "--tenant", "acme") == made
    assert operator.told("list") == [made]
    assert made["events"] == ["prediction.failed", "endpoint.*"]
    assert (made["tenant"], made["url"], made["enabled"]) == ("acme", URL, True)


def test_a_made_endpoint_is_told_in_a_line(operator: Operator) -> None:
    """A shell script reads id and secret from it."""
    endpoint_id, secret = operator.type("create", URL).stdout.split()

    assert operator.keyring.secrets(endpoint_id) == [secret]


def test_a_list_is_of_all_tenants_or_of_one(operator: Operator) -> None:
    """Each line tells whose the endpoint is."""
    assert operator.type("list").stdout == "No endpoints.\n"
    for tenant in ("acme", "blue"):
        operator.told("create", URL, "--tenant", tenant)

    both, one = operator.told("list"), operator.told("list", "--tenant", "blue")

    assert [endpoint["tenant"] for endpoint in both] == ["acme", "blue"]
    assert one == both[1:]
    table = operator.type("list").stdout
    assert all(endpoint["id"] in table for endpoint in both)


def test_an_endpoint_is_switched_off_and_on(operator: Operator) -> None:
    """All else about it stays."""
    made = operator.told("create", URL, "--description", "till")

    off = operator.told("disable", made["id"])
    on = operator.told("enable", made["id"])

    assert (off["enabled"], off["disabled_reason"]) == (False, "by_client")
    assert on == {name: made[name] for name in on}
    assert operator.type("disable", made["id"]).stdout == f"Disabled {made['id']}.\n"
    assert "disabled, by_client" in operator.type("list").stdout


def test_a_deleted_endpoint_is_gone(operator: Operator) -> None:
    """To delete it twice is told."""
    made = operator.told("create", URL)

    assert operator.type("delete", made["id"]).stdout == f"Deleted {made['id']}.\n"
    assert operator.told("list") == []
    assert operator.type("delete", made["id"]).exit_code == 10


@pytest.mark.parametrize(
    "words", ["show", "delete", "enable", "disable", "rotate-secret", "deliveries"]
)
def test_another_tenants_endpoint_is_not_found(operator: Operator, words: str) -> None:
    """A slip of the hand reaches no stranger."""
    made = operator.told("create", URL, "--tenant", "acme")

    done = operator.type(words, made["id"])

    assert done.exit_code == 10
    assert "`kerbside webhooks list` shows" in done.stderr
    assert len(operator.told("list")) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("http://93.184.215.14/",), "https"),
        (("https://127.0.0.1/",), "127.0.0.1"),
        ((URL, "--tenant", "No Such"), "'No Such' is no tenant"),
        ((URL, "--event", "prediction.done"), "'prediction.done' is not one of"),
        ((URL, "--event", "*", "--event", "*"), "events: An event type is named twice"),
        ((URL, "--description", 513 * "x"), "description: String should have at most"),
    ],
)
def test_an_endpoint_that_cannot_be_is_told(
    operator: Operator, words: tuple[str, ...], told: str
) -> None:
    """With what was expected, before anything is made."""
    done = operator.type("create", *words)

    assert done.exit_code == 2
    assert told in done.stderr
    assert operator.told("list") == []


def test_an_installation_without_keys_says_what_to_do(operator: Operator) -> None:
    """By an exit code of its own."""
    done = operator.type("create", URL, KERBSIDE_SECRET_KEYS="")

    assert done.exit_code == 15
    assert "`kerbside webhooks new-key`" in done.stderr


def test_a_tenant_with_as_many_as_it_may_have_is_refused(operator: Operator) -> None:
    """Each of them costs a delivery at every event."""
    for _ in range(20):
        operator.told("create", URL)

    done = operator.type("create", URL)

    assert done.exit_code == 14
    assert "delete one first" in done.stderr
