"""The laws of deliveries: tests, the log, what is sent again."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from api import schemas
from api.app import create_app
from api.openapi import event_docs
from api.schemas import Delivery, DeliveryList, PredictionEvent
from api.settings import ApiSettings
from tests.api.conftest import (
    Client,
    Finish,
    Headers,
    MakeHeaders,
    Register,
    Submit,
    assert_problem,
)
from worker.keys import WEBHOOKS
from worker.leases import Lease
from worker.webhooks.deliveries import Deliveries, Verdict
from worker.webhooks.event_types import ANNOUNCED, REVALUED, TYPES

HOOK = "https://hooks.example.com/kerbside"
DELIVERED = Verdict("delivered")
FAILED = Verdict("failed", 0, 1)


@pytest.fixture
def end(deliveries: Deliveries) -> Callable[..., list[dict[bytes, bytes]]]:
    """Return a function that ends whatever is to be delivered, and its records."""

    def end(verdict: Verdict = DELIVERED) -> list[dict[bytes, bytes]]:
        seen: list[dict[bytes, bytes]] = []
        leases: list[Lease] = []
        while leases := [
            *deliveries.ledger.claim(WEBHOOKS, limit=100, worker="d").leases
        ]:
            seen += deliveries.load(leases)
            for lease in leases:
                logged = {
                    "at": 1,
                    "status_code": 500,
                    "duration": 0.1,
                    "response": "",
                    "error": None,
                }
                deliveries.attempted(lease, verdict, logged)
        return seen

    return end


End = Callable[..., list[dict[bytes, bytes]]]


@pytest.fixture
def endpoint(register: Register) -> str:
    """Return the id of an endpoint."""
    found: str = register(events=["prediction.succeeded"]).json["id"]
    return found


@pytest.mark.parametrize("type_", TYPES)
def test_a_test_sends_an_example_of_each_type(
    client: Client, hooker: Headers, endpoint: str, end: End, type_: str
) -> None:
    """Whatever the endpoint takes; it is one of those described, and recognisable."""
    path = f"/v1/webhooks/{endpoint}/test"

    sent = client.post(path, json={"type": type_}, headers=hooker)

    delivery = Delivery.model_validate_json(sent.data)
    assert (sent.status_code, delivery.event.type) == (202, type_)
    assert (delivery.status, delivery.prediction) == ("pending", None)
    (record,) = end()
    assert record[b"event"].decode() == delivery.event.id
    schema: Any = getattr(schemas, event_docs.SCHEMAS[type_])
    event = schema.model_validate_json(record[b"body"])
    assert event.type == type_
    is_of_a_version = type_ in {*ANNOUNCED, REVALUED}
    about = event.data.version if is_of_a_version else event.data.id
    assert "0" * 8 in about
    if isinstance(event, PredictionEvent):
        data = json.loads(record[b"body"])["data"]
        assert data["metadata"] == {"test": "true"}
        assert data["urls"]["get"].startswith("https://api.example.org/")


def test_each_test_is_an_event_of_its_own(
    client: Client, hooker: Headers, endpoint: str
) -> None:
    """Of a succeeded prediction where nothing is said."""
    path = f"/v1/webhooks/{endpoint}/test"
    sent = [client.post(path, headers=hooker).json["event"] for _ in range(2)]

    assert [one["type"] for one in sent] == ["prediction.succeeded"] * 2
    assert sent[0]["id"] != sent[1]["id"]


def test_a_test_of_no_type_is_refused(
    client: Client, hooker: Headers, endpoint: str
) -> None:
    """The types are named."""
    path = f"/v1/webhooks/{endpoint}/test"
    answer = client.post(path, json={"type": "ping"}, headers=hooker)

    (error,) = assert_problem(answer, 422, "invalid-submission")["errors"]
    assert error["detail"].startswith("Expected one of prediction.started,")


def test_a_disabled_endpoint_is_sent_nothing(
    client: Client, hooker: Headers, endpoint: str, submit: Submit, finish: Finish
) -> None:
    """No test, nothing again, nothing recovered: it says so."""
    path = f"/v1/webhooks/{endpoint}"
    client.post(f"{path}/disable", headers=hooker)
    submit()
    finish()
    (missed,) = client.get(f"{path}/deliveries", headers=hooker).json["results"]

    assert missed["status_detail"] == "endpoint_disabled"
    for url in (
        f"{path}/test",
        f"{path}/recover?since=0",
        f"/v1/deliveries/{missed['id']}/redeliver",
    ):
        assert_problem(client.post(url, headers=hooker), 409, "webhook-disabled")


def test_what_was_missed_is_recovered(
    client: Client,
    hooker: Headers,
    endpoint: str,
    submit: Submit,
    finish: Finish,
    end: End,
) -> None:
    """From an instant on, written either way; what was delivered is not sent again."""
    submit()
    finish()
    end()
    for _ in range(3):
        submit()
    finish()
    end(FAILED)
    path = f"/v1/webhooks/{endpoint}/recover"

    none = client.post(f"{path}?since=2099-01-01T00:00:00Z", headers=hooker)
    some = client.post(f"{path}?since=0", headers=hooker)

    assert (none.status_code, none.json) == (202, {"recovered": 0})
    assert some.json["recovered"] == 3


@pytest.mark.parametrize("query", ["", "?since=yesterday", "?since=0&since=1", "?x=1"])
def test_what_says_no_instant_recovers_nothing(
    client: Client, hooker: Headers, query: str
) -> None:
    """A filter that is not understood must not be dropped."""
    answer = client.post(f"/v1/webhooks/default/recover{query}", headers=hooker)

    assert_problem(answer, 400, "malformed-parameter")


def test_a_delivery_is_read_and_sent_again(
    client: Client,
    hooker: Headers,
    submit: Submit,
    finish: Finish,
    end: End,
) -> None:
    """Under its id and its event's; not while it is under way."""
    job = submit(webhook=HOOK).json
    finish()
    log = "/v1/webhooks/default/deliveries"
    (waiting,) = client.get(log, headers=hooker).json["results"]
    path = f"/v1/deliveries/{waiting['id']}"
    assert_problem(
        client.post(f"{path}/redeliver", headers=hooker), 409, "delivery-under-way"
    )
    end(FAILED)
    read = client.get(path, headers=hooker)
    found = Delivery.model_validate_json(read.data)

    again = client.post(f"{path}/redeliver", headers=hooker)

    assert (found.webhook, found.prediction) == ("default", job["id"])
    assert (found.status, found.attempts[0].status_code) == ("failed", 500)
    assert again.status_code == 202
    assert again.json["event"] == waiting["event"]
    assert again.json["status"] == "pending"


def test_a_delivery_goes_with_its_prediction(
    client: Client,
    hooker: Headers,
    caller: Headers,
    submit: Submit,
    finish: Finish,
    end: End,
) -> None:
    """It cannot be sent again: what it carried is gone."""
    job = submit(webhook=HOOK).json
    finish()
    end(FAILED)
    (sent,) = client.get("/v1/webhooks/default/deliveries", headers=hooker).json[
        "results"
    ]
    client.delete(f"/v1/predictions/{job['id']}", headers=caller)

    answer = client.post(f"/v1/deliveries/{sent['id']}/redeliver", headers=hooker)

    assert_problem(answer, 410, "delivery-removed")


def test_another_tenants_delivery_is_as_unknown_as_none(
    client: Client, hooker: Headers, endpoint: str, bearer: MakeHeaders, submit: Submit
) -> None:
    """As is a prediction, which lies in the same ledger."""
    sent = client.post(f"/v1/webhooks/{endpoint}/test", headers=hooker).json
    other = bearer(tenant="other", scopes="webhooks")
    job = submit().json

    for delivery_id, key in (
        (sent["id"], other),
        ("dlv_" + "0" * 32, hooker),
        (job["id"], hooker),
    ):
        path = f"/v1/deliveries/{delivery_id}"
        assert_problem(client.get(path, headers=key), 404, "unknown-delivery")
        assert_problem(
            client.post(f"{path}/redeliver", headers=key), 404, "unknown-delivery"
        )


def test_a_log_is_paged_newest_first_both_ways(
    client: Client, hooker: Headers, endpoint: str
) -> None:
    """Following next and then previous walks the same pages back."""
    path = f"/v1/webhooks/{endpoint}"
    ids = [client.post(f"{path}/test", headers=hooker).json["id"] for _ in range(5)]
    ids.reverse()

    def page(url: str) -> Any:
        parts = urlsplit(url)
        return client.get(f"{parts.path}?{parts.query}", headers=hooker)

    first = page(f"{path}/deliveries?limit=2")
    second = page(first.json["next"])
    third = page(second.json["next"])
    back = page(third.json["previous"])
    begin = page(back.json["previous"])

    pages = [DeliveryList.model_validate_json(one.data) for one in (first, second)]
    assert [[one.id for one in each.results] for each in pages] == [ids[:2], ids[2:4]]
    assert [one["id"] for one in third.json["results"]] == ids[4:]
    assert [one["id"] for one in back.json["results"]] == ids[2:4]
    assert [one["id"] for one in begin.json["results"]] == ids[:2]
    assert first.json["previous"] is begin.json["previous"] is None
    assert third.json["next"] is None
    assert second.headers["Link"] == (
        f'<{second.json["next"]}>; rel="next", <{second.json["previous"]}>; rel="prev"'
    )


def test_a_log_is_filtered_by_status(
    client: Client, hooker: Headers, endpoint: str, end: End
) -> None:
    """One or several; the links keep it."""
    path = f"/v1/webhooks/{endpoint}"
    for verdict in (FAILED, DELIVERED, FAILED):
        client.post(f"{path}/test", headers=hooker)
        end(verdict)
    client.post(f"{path}/test", headers=hooker)

    def statuses(query: str) -> list[str]:
        answer = client.get(f"{path}/deliveries?{query}", headers=hooker)
        return [one["status"] for one in answer.json["results"]]

    assert statuses("status=delivered") == ["delivered"]
    assert statuses("status=canceled") == []
    assert sorted(statuses("status=pending&status=delivered")) == [
        "delivered",
        "pending",
    ]
    answer = client.get(f"{path}/deliveries?status=pending&limit=1", headers=hooker)
    assert answer.json["next"] is None


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=x", "status=done", "cursor=x", "cursor=%00", "until=0"],
)
def test_a_parameter_that_is_not_understood_is_refused(
    client: Client, hooker: Headers, query: str
) -> None:
    """Never dropped."""
    answer = client.get(f"/v1/webhooks/default/deliveries?{query}", headers=hooker)

    assert_problem(answer, 400, "malformed-parameter")


def test_no_more_than_may_wait_are_sent_again(
    api_settings: ApiSettings, client: Client, hooker: Headers, endpoint: str, end: End
) -> None:
    """Who asks for more is told so, and nothing is lost."""
    path = f"/v1/webhooks/{endpoint}"
    ids = [client.post(f"{path}/test", headers=hooker).json["id"] for _ in range(2)]
    end(FAILED)
    settings = api_settings.model_copy(update={"webhook_pending": 1})
    strict: Client = create_app(settings).test_client()

    first, second = (
        strict.post(f"/v1/deliveries/{one}/redeliver", headers=hooker) for one in ids
    )

    assert first.status_code == 202
    assert_problem(second, 409, "too-many-deliveries-waiting")
    assert_problem(
        strict.post(f"{path}/recover?since=0", headers=hooker),
        409,
        "too-many-deliveries-waiting",
    )
