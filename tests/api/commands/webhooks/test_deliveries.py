"""Laws of the commands that look at deliveries and make them again."""

import json
import threading

import pytest

from api import example_events
from tests.api.commands.webhooks.conftest import URL, Operator
from tests.patience import wait_until
from worker.keys import WEBHOOKS


@pytest.fixture
def endpoint_id(operator: Operator) -> str:
    """Return the id of an endpoint of tenant `acme`."""
    words = ("create", URL, "--tenant", "acme", "--event", "prediction.succeeded")
    made: str = operator.told(*words)["id"]
    return made


def test_deliveries_are_listed_newest_first(
    operator: Operator, endpoint_id: str
) -> None:
    """With the receiver's last answer."""
    words = ("deliveries", endpoint_id, "--tenant", "acme")
    assert operator.type(*words).stdout == "No deliveries.\n"
    for _ in range(3):
        operator.price()
    operator.attempt("failed", 500)

    listed, first = operator.told(*words), operator.told(*words, "--limit", "1")

    assert [one["status"] for one in listed] == ["pending", "pending", "failed"]
    assert first == listed[:1]
    table = operator.type(*words).stdout
    assert listed[2]["id"] in table
    assert "500" in table


def test_a_failed_delivery_is_made_again(operator: Operator, endpoint_id: str) -> None:
    """One by its id, or all since an instant; what is under way is told."""
    tenant = ("--tenant", "acme")
    for _ in range(2):
        operator.price()
        operator.attempt("failed", 500)
    one, other = operator.told("deliveries", endpoint_id, *tenant)

    again = operator.told("redeliver", one["id"], *tenant)
    refused = operator.type("redeliver", one["id"], *tenant)
    since = ("--since", "2020-01-01T00:00:00")
    recovered = operator.told("recover", endpoint_id, *since, *tenant)

    assert (again["status"], again["event"]) == ("pending", one["event"])
    assert refused.exit_code == 14
    assert "still under way" in refused.stderr
    assert recovered == {"id": endpoint_id, "recovered": 1}
    assert operator.type("redeliver", "nothing", *tenant).exit_code == 10
    assert other["id"] != one["id"]


def test_what_failed_before_the_instant_stays(
    operator: Operator, endpoint_id: str
) -> None:
    """A zone that is given is heeded."""
    operator.price()
    operator.attempt("failed", 500)

    words = ("recover", endpoint_id, "--tenant", "acme", "--since")

    assert operator.told(*words, "2120-01-01T00:00:00+01:00")["recovered"] == 0
    assert operator.type(*words, "yesterday").exit_code == 2


@pytest.mark.parametrize(
    ("outcome", "status", "exit_code"), [("delivered", 204, 0), ("failed", 500, 16)]
)
def test_a_trial_tells_what_the_receiver_answered(
    operator: Operator, endpoint_id: str, outcome: str, status: int, exit_code: int
) -> None:
    """A script learns it from the exit code."""

    def work() -> None:
        wait_until(lambda: operator.attempt(outcome, status))

    worker = threading.Thread(target=work)
    worker.start()
    done = operator.type("test", endpoint_id, "--tenant", "acme")
    worker.join()

    assert done.exit_code == exit_code
    assert str(status) in done.output
    (sent,) = operator.told("deliveries", endpoint_id, "--tenant", "acme")
    assert sent["event"]["type"] == "prediction.succeeded"


def test_a_trial_is_the_example_that_the_api_sends(
    operator: Operator, endpoint_id: str
) -> None:
    """Of the type that was asked for, though the endpoint takes others."""
    words = ("--type", "prediction.failed", "--wait", "0")
    operator.type("test", endpoint_id, "--tenant", "acme", *words)

    book = operator.deliveries.ledger
    leases = book.claim(WEBHOOKS, limit=1, worker="d").leases
    (record,) = operator.deliveries.load(leases)
    sent = json.loads(record[b"body"])
    assert (sent["type"], sent["data"]["status"]) == ("prediction.failed", "failed")
    assert sent["data"]["id"] == example_events.NOBODY
    assert sent["data"]["metadata"] == {"test": "true"}


def test_a_trial_that_nobody_makes_says_so(
    operator: Operator, endpoint_id: str
) -> None:
    """No worker runs."""
    done = operator.type("test", endpoint_id, "--tenant", "acme", "--wait", "0")

    assert done.exit_code == 16
    assert "Does a webhook worker run?" in done.stderr


def test_a_disabled_endpoint_is_not_tried(operator: Operator, endpoint_id: str) -> None:
    """It would be called off."""
    operator.told("disable", endpoint_id, "--tenant", "acme")

    done = operator.type("test", endpoint_id, "--tenant", "acme")

    assert done.exit_code == 14
    assert "enable it first" in done.stderr


def test_deliveries_of_requests_own_webhooks_are_listed(operator: Operator) -> None:
    """Under the name `default`."""
    operator.price(webhook=URL)

    (one,) = operator.told("deliveries", "default", "--tenant", "acme")

    assert (one["webhook"], one["status"]) == ("default", "pending")
