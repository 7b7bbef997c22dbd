"""The laws of a submit that wants a webhook."""

from typing import Any

import pytest
import redis as redis_py

from api.app import create_app
from api.settings import ApiSettings
from tests.api.conftest import (
    Client,
    Finish,
    Headers,
    Submit,
    assert_problem,
)
from worker.webhooks.lookup import LOOKUPS

HOOK = "https://hooks.example.com/kerbside"


@pytest.fixture(autouse=True)
def _no_look_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whatever asks a name server: a submit never waits for one."""

    def resolve(host: str, **_: object) -> None:
        pytest.fail(f"{host} was looked up")

    monkeypatch.setattr(LOOKUPS, "resolve", resolve)


def test_a_submit_names_where_its_events_go(
    submit: Submit, client: Client, caller: Headers, finish: Finish
) -> None:
    """And the prediction shows it, with what became of its event."""
    made = submit(webhook=HOOK, webhook_events_filter=["start", "completed"])
    finish()

    shown = client.get(f"/v1/predictions/{made.json['id']}", headers=caller).json

    assert made.status_code == 202
    assert (made.json["webhook"], shown["webhook"]) == (HOOK, HOOK)
    assert shown["webhook_events_filter"] == ["start", "completed"]
    assert shown["webhook_status"] == "pending"


def test_the_event_waits_for_its_turn_once_the_price_is_there(
    submit: Submit, finish: Finish, redis: redis_py.Redis
) -> None:
    """One delivery on lane `webhooks`, of the type that was asked for."""
    submit(webhook=HOOK)
    finish()

    waiting: Any
    (waiting,) = redis.zrange("kerbside:waiting:webhooks", 0, -1)
    assert redis.hget(f"kerbside:job:{waiting.decode()}", "type") == (
        b"prediction.succeeded"
    )


def test_a_prediction_whose_end_is_not_sent_says_nothing_of_it(
    submit: Submit, client: Client, caller: Headers, finish: Finish
) -> None:
    """Neither at once nor later: it would be pending for ever."""
    made = submit(webhook=HOOK, webhook_events_filter=["start"]).json
    finish()

    shown = client.get(f"/v1/predictions/{made['id']}", headers=caller).json

    assert "webhook_status" not in made.keys() | shown.keys()
    assert submit(webhook=HOOK).json["webhook_status"] == "pending"


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"webhook": "http://hooks.example.com"}, "/webhook", "refused_address"),
        ({"webhook": "https://127.0.0.1/"}, "/webhook", "refused_address"),
        ({"webhook": "https://localhost/"}, "/webhook", "refused_address"),
        ({"webhook": "https://a:b@hooks.example.com"}, "/webhook", "refused_address"),
        ({"webhook": ""}, "/webhook", "refused_address"),
        ({"webhook": "no address"}, "/webhook", "refused_address"),
        (
            {"webhook": HOOK, "webhook_events_filter": ["finished"]},
            "/webhook_events_filter/0",
            "literal_error",
        ),
        (
            {"webhook": HOOK, "webhook_events_filter": ["start", "start"]},
            "/webhook_events_filter",
            "repeated_events",
        ),
        (
            {"webhook": HOOK, "webhook_events_filter": ["output", "logs"]},
            "/webhook_events_filter",
            "nothing_sent",
        ),
        (
            {"webhook_events_filter": ["completed"]},
            "/webhook_events_filter",
            "webhook_missing",
        ),
    ],
    ids=str,
)
@pytest.mark.usefixtures("nothing_queued")
def test_what_cannot_be_sent_is_refused_with_its_reason(
    submit: Submit, fields: dict[str, Any], pointer: str, code: str
) -> None:
    """Before anything is queued."""
    problem = assert_problem(submit(**fields), 422, "invalid-submission")

    (error,) = problem["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)


def test_all_that_is_wrong_is_told_at_once(
    submit: Submit, house: dict[str, Any]
) -> None:
    """The address, the filter and the house in one answer."""
    answer = submit(
        webhook="https://10.0.0.1",
        webhook_events_filter=["completed", "end"],
        input={**house, "bedrooms": "three"},
    )

    told = {error["pointer"]: error["detail"] for error in answer.json["errors"]}
    assert told.keys() == {"/webhook", "/webhook_events_filter/1", "/input/bedrooms"}
    assert "not a public address" in told["/webhook"]
    assert told["/webhook_events_filter/1"] == (
        'Expected one of start, output, logs, completed, got text "end".'
    )


def test_an_installation_without_secret_keys_takes_no_webhook(
    api_settings: ApiSettings, caller: Headers, house: dict[str, Any]
) -> None:
    """It says what its operator must set; the same submit without one is taken."""
    settings = api_settings.model_copy(update={"secret_keys": ()})
    client: Client = create_app(settings).test_client()

    def post(**fields: str) -> Any:
        body = {"input": house, **fields}
        return client.post("/v1/predictions", json=body, headers=caller)

    problem = assert_problem(post(webhook=HOOK), 503, "secret-keys-missing")
    assert "KERBSIDE_SECRET_KEYS" in problem["detail"]
    assert post().status_code == 202


def test_a_repeat_with_another_webhook_is_another_request(submit: Submit) -> None:
    """One idempotency key is for one request."""
    key = {"Idempotency-Key": "order-7"}
    first = submit(key, webhook=HOOK)
    again = submit(key, webhook=HOOK)

    assert again.json["id"] == first.json["id"]
    assert_problem(submit(key, webhook=f"{HOOK}/other"), 422, "idempotency-key-reused")
