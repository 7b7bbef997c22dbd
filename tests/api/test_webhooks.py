"""The laws of registered endpoints and their secrets."""

from ipaddress import ip_address
from typing import Any

import pytest
import redis as redis_py

from api.app import create_app
from api.schemas import NewWebhook, Webhook, WebhookList
from api.services import Services
from api.settings import ApiSettings
from tests.api.conftest import (
    Client,
    Headers,
    MakeHeaders,
    Register,
    assert_problem,
)
from worker.webhooks.endpoints import MOST
from worker.webhooks.keyring import GRACE_MS, MOST_SECRETS, default_owner
from worker.webhooks.lookup import NameNotFound

OWN_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_an_endpoint_is_registered_and_its_secret_shown_once(
    register: Register, client: Client, hooker: Headers, redis: redis_py.Redis
) -> None:
    """It takes all events until it says otherwise."""
    made = register()

    new = NewWebhook.model_validate_json(made.data)
    read = client.get(f"/v1/webhooks/{new.id}", headers=hooker)
    assert made.status_code == 201
    assert made.headers["Location"] == f"https://api.example.org/v1/webhooks/{new.id}"
    assert (new.events, new.enabled, new.description) == (["*"], True, "")
    assert new.secret.startswith("whsec_")
    assert Webhook.model_validate_json(read.data).id == new.id
    assert new.secret not in read.text
    kept = redis.hget(f"kerbside:webhook:{new.id}", "secrets")
    assert new.secret not in str(kept)


def test_a_client_may_bring_a_secret(register: Register, shared: Services) -> None:
    """That signs."""
    made = register(secret=OWN_SECRET).json

    assert made["secret"] == OWN_SECRET
    assert shared.keyring.secrets(made["id"]) == [OWN_SECRET]


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"url": "http://hooks.example.com"}, "/url", "refused_address"),
        ({"url": "https://169.254.169.254/latest"}, "/url", "refused_address"),
        ({"url": "https://inside.example.com"}, "/url", "refused_address"),
        ({"url": "https://unknown.example.com"}, "/url", "refused_address"),
        ({"url": 7}, "/url", "string_type"),
        ({"events": []}, "/events", "too_short"),
        ({"events": "*"}, "/events", "list_type"),
        ({"events": ["prediction.done"]}, "/events/0", "unknown_event"),
        ({"events": ["*", "*"]}, "/events", "repeated_events"),
        ({"description": "x" * 513}, "/description", "string_too_long"),
        ({"description": "\0"}, "/description", "string_pattern_mismatch"),
        ({"enabled": 1}, "/enabled", "bool_type"),
        ({"secret": "whsec_short"}, "/secret", "no_secret"),
        ({"tenant": "other"}, "/tenant", "unknown_field"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_with_its_reason(
    register: Register,
    client: Client,
    hooker: Headers,
    fields: dict[str, Any],
    pointer: str,
    code: str,
) -> None:
    """At registration, and nothing is registered."""
    problem = assert_problem(register(**fields), 422, "invalid-submission")

    (error,) = problem["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert client.get("/v1/webhooks", headers=hooker).json["results"] == []


def test_a_refusal_says_how_to_mend_it_and_no_secret(register: Register) -> None:
    """In words that name what is known."""
    told = {
        error["pointer"]: error["detail"]
        for error in register(
            events=["prediction.done"], secret="whsec_hush", descripton=""
        ).json["errors"]
    }

    assert told["/events/0"].startswith(
        "Expected one of *, batch.*, drift.*, endpoint.*, model."
    )
    assert "hush" not in told["/secret"]
    assert told["/descripton"] == "Unknown field: did you mean 'description'?"


def test_a_tenant_has_so_many_endpoints_and_no_more(
    register: Register, client: Client, hooker: Headers
) -> None:
    """One must go before another comes."""
    made = [register().json for _ in range(MOST)]
    assert_problem(register(), 409, "too-many-webhooks")

    client.delete(f"/v1/webhooks/{made[0]['id']}", headers=hooker)

    assert register().status_code == 201


def test_endpoints_are_listed_oldest_first(
    register: Register, client: Client, hooker: Headers
) -> None:
    """Without their secrets, with the tag of a list."""
    ids = {register().json["id"] for _ in range(3)}

    answer = client.get("/v1/webhooks", headers=hooker)

    listed = WebhookList.model_validate_json(answer.data).results
    assert {one.id for one in listed} == ids
    assert listed == sorted(listed, key=lambda one: (one.created_at, one.id))
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert client.get("/v1/webhooks", headers={**hooker, **tag}).status_code == 304


def test_what_is_not_named_stays_as_it_is(
    register: Register, client: Client, hooker: Headers
) -> None:
    """A change is of what it names."""
    made = register(events=["prediction.failed"], description="one").json
    path = f"/v1/webhooks/{made['id']}"

    same = client.patch(path, json={}, headers=hooker).json
    after = client.patch(path, json={"description": "two"}, headers=hooker).json
    moved = client.patch(
        path, json={"url": "https://other.example.com"}, headers=hooker
    ).json

    assert {**same, "secret": made["secret"]} == made
    assert after == {**same, "description": "two"}
    assert moved == {**after, "url": "https://other.example.com"}


def test_a_new_url_is_looked_up_as_at_registration(
    register: Register, client: Client, hooker: Headers
) -> None:
    """And the endpoint stays where it was."""
    path = f"/v1/webhooks/{register().json['id']}"
    inside = {"url": "https://inside.example.com"}

    answer = client.patch(path, json=inside, headers=hooker)

    (error,) = assert_problem(answer, 422, "invalid-submission")["errors"]
    assert error["pointer"] == "/url"
    assert "stands for an address" in error["detail"]
    assert client.get(path, headers=hooker).json["url"].startswith("https://hooks.")


def test_an_endpoint_is_disabled_and_enabled(
    register: Register, client: Client, hooker: Headers
) -> None:
    """As often as one likes, with the reason."""
    path = f"/v1/webhooks/{register().json['id']}"

    for _ in range(2):
        off = client.post(f"{path}/disable", headers=hooker).json
        assert (off["enabled"], off["disabled_reason"]) == (False, "by_client")
    for _ in range(2):
        on = client.post(f"{path}/enable", headers=hooker).json
        assert (on["enabled"], on["disabled_reason"]) == (True, None)


def test_a_change_can_ask_for_the_state_that_was_read(
    register: Register, client: Client, hooker: Headers
) -> None:
    """Who has read it before another changed it changes nothing."""
    path = f"/v1/webhooks/{register().json['id']}"
    tag = client.get(path, headers=hooker).headers["ETag"]
    old = {**hooker, "If-Match": tag}

    changed = client.patch(path, json={"description": "two"}, headers=old)

    assert changed.headers["ETag"] == client.get(path, headers=hooker).headers["ETag"]
    for answer in (
        client.patch(path, json={"description": "three"}, headers=old),
        client.post(f"{path}/disable", headers=old),
        client.post(f"{path}/enable", headers=old),
        client.post(f"{path}/rotate-secret", headers=old),
        client.post(f"{path}/test", headers=old),
        client.delete(path, headers=old),
    ):
        assert_problem(answer, 412, "precondition-failed")
    new = {**hooker, "If-Match": changed.headers["ETag"]}
    assert client.delete(path, headers=new).status_code == 204
    assert_problem(client.get(path, headers=hooker), 404, "unknown-webhook")


def test_a_rotated_secret_signs_beside_the_old_one_for_a_day(
    register: Register, client: Client, hooker: Headers, shared: Services
) -> None:
    """The new one is shown once; a client may bring it."""
    made = register().json
    path = f"/v1/webhooks/{made['id']}/rotate-secret"

    new = client.post(path, headers=hooker).json
    own = client.post(path, json={"secret": OWN_SECRET}, headers=hooker).json

    assert own["secret"] == OWN_SECRET
    assert shared.keyring.secrets(made["id"]) == [
        OWN_SECRET,
        new["secret"],
        made["secret"],
    ]
    assert new.keys() == {"secret", "previous_signs_until"}
    assert GRACE_MS == 86_400_000


def test_a_rotation_that_would_break_a_promise_is_refused(
    client: Client, hooker: Headers
) -> None:
    """Each secret that was replaced signs for a day."""
    path = "/v1/webhooks/default/rotate-secret"
    client.get("/v1/webhooks/default/secret", headers=hooker)
    for _ in range(MOST_SECRETS - 1):
        assert client.post(path, headers=hooker).status_code == 200

    assert_problem(client.post(path, headers=hooker), 409, "too-many-secrets")


def test_what_waits_for_requests_own_urls_is_read(
    client: Client, hooker: Headers, caller: Headers
) -> None:
    """As an endpoint is, though nothing of it can be changed."""
    path = "/v1/webhooks/default"
    read = client.get(path, headers=hooker)

    told = Webhook.model_validate_json(read.data)
    assert (told.id, told.pending, told.dropped) == ("default", 0, 0)
    tag = {"If-None-Match": read.headers["ETag"]}
    assert client.get(path, headers={**hooker, **tag}).status_code == 304
    assert_problem(client.get(path, headers=caller), 403, "missing-scope")
    for answer in (
        client.patch(path, json={}, headers=hooker),
        client.delete(path, headers=hooker),
    ):
        assert_problem(answer, 404, "unknown-webhook")


def test_the_default_secret_is_replicates_shape(
    client: Client, hooker: Headers, shared: Services
) -> None:
    """Made when it is first asked for; rotated like any other."""
    first = client.get("/v1/webhooks/default/secret", headers=hooker).json
    again = client.get("/v1/webhooks/default/secret", headers=hooker).json
    new = client.post("/v1/webhooks/default/rotate-secret", headers=hooker).json
    now = client.get("/v1/webhooks/default/secret", headers=hooker).json

    assert first == again
    assert now == {"key": new["secret"]}
    assert shared.keyring.secrets(default_owner("acme")) == [now["key"], first["key"]]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/enable"),
        ("POST", "/disable"),
        ("POST", "/rotate-secret"),
        ("POST", "/test"),
        ("GET", "/deliveries"),
        ("POST", "/recover?since=0"),
    ],
)
def test_another_tenants_endpoint_is_as_unknown_as_none(
    register: Register, client: Client, bearer: MakeHeaders, method: str, path: str
) -> None:
    """Whatever is asked of it, and whatever its id may look like."""
    other = bearer(tenant="other", scopes="webhooks")
    ids = [register().json["id"], "wh_" + "0" * 24, "default:acme", "x"]

    for webhook_id in ids:
        url = f"/v1/webhooks/{webhook_id}{path}"
        body: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
        answer = client.open(url, method=method, headers=other, **body)
        assert_problem(answer, 404, "unknown-webhook")


def test_webhooks_take_a_scope_of_their_own(client: Client, caller: Headers) -> None:
    """A key that may submit may not see where events go."""
    assert_problem(client.get("/v1/webhooks", headers=caller), 403, "missing-scope")


def test_without_secret_keys_nothing_is_registered(
    api_settings: ApiSettings, hooker: Headers, resolver: dict[str, str]
) -> None:
    """And with others than before no secret is read."""
    del resolver
    settings = api_settings.model_copy(update={"secret_keys": ()})
    client: Client = create_app(settings).test_client()
    body = {"url": "https://hooks.example.com/kerbside"}

    for answer in (
        client.post("/v1/webhooks", json=body, headers=hooker),
        client.get("/v1/webhooks/default/secret", headers=hooker),
    ):
        problem = assert_problem(answer, 503, "secret-keys-missing")
        assert "KERBSIDE_SECRET_KEYS" in problem["detail"]


def test_a_secret_that_other_keys_sealed_is_not_read(
    api_settings: ApiSettings, client: Client, hooker: Headers
) -> None:
    """The operator is told which setting lacks one."""
    client.get("/v1/webhooks/default/secret", headers=hooker)
    other_key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    settings = api_settings.model_copy(update={"secret_keys": (other_key,)})
    other: Client = create_app(settings).test_client()

    answer = other.get("/v1/webhooks/default/secret", headers=hooker)

    assert_problem(answer, 503, "secret-keys-wrong")


def test_a_name_is_looked_up_once_all_else_is_right(
    register: Register, resolver: dict[str, Any]
) -> None:
    """A request that is refused anyway waits for no name server."""
    resolver["hooks.example.com"] = NameNotFound("it was asked for")

    answer = register(enabled=1)

    assert [one["pointer"] for one in answer.json["errors"]] == ["/enabled"]
    resolver["hooks.example.com"] = [ip_address("93.184.216.34")]
    assert register().status_code == 201
