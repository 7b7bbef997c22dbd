"""Laws of the tries of a call."""

import socket
import time
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest

from api.client import (
    ApiError,
    Client,
    KerbsideError,
    Unreachable,
    calls,
)
from tests.api.client.script import (
    BUSY,
    DROPPED,
    HOUSE,
    KEY,
    Reply,
    Request,
    Script,
    created,
    prediction,
)
from tests.api.conftest import OUTPUT


def test_lost_answers_make_one_job(server: Script, client: Client) -> None:
    """The server took the submit each time; all tries have the same key and body."""
    server.replies = [DROPPED, BUSY, Reply(502, "<html>"), created()]

    assert client.price(HOUSE).price == OUTPUT["price"]

    assert len(server.requests) == 4
    assert len({request.headers["Idempotency-Key"] for request in server.requests}) == 1
    assert [request.body for request in server.requests] == [{"input": HOUSE}] * 4


def test_who_wants_to_hear_of_tries_is_told_why_there_is_another(
    server: Script,
) -> None:
    """Each time, also where several houses are priced; a last failure is raised."""
    heard: list[KerbsideError] = []
    server.replies = [BUSY, DROPPED, Reply(404)]

    with (
        Client(server.url, KEY, on_retry=heard.append) as client,
        client.branch() as branch,
        pytest.raises(ApiError),
    ):
        branch.get("p1")

    assert [type(error) for error in heard] == [ApiError, Unreachable]


def test_nothing_there_is_told_within_the_time() -> None:
    """A refused connection is tried again, then it is told with the key to go on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    with Client(url, KEY, timeout_s=0.3) as client, pytest.raises(Unreachable) as told:
        client.submit(HOUSE, idempotency_key="k1")

    assert url in str(told.value)
    assert told.value.idempotency_key == "k1"
    assert not told.value.is_about_house


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 500])
def test_a_no_is_not_asked_again(server: Script, client: Client, status: int) -> None:
    """Only what may pass is worth a repeat."""
    server.replies = [Reply(status, {"title": "No", "detail": "never"})]

    with pytest.raises(ApiError, match=r"No \(\d+\): never") as told:
        client.get("p1")

    assert told.value.status == status
    assert len(server.requests) == 1


def test_a_redirect_is_not_followed(server: Script, client: Client) -> None:
    """The key goes to no other host."""
    other = Script()
    server.replies = [Reply(307, "", {"Location": other.url})]

    with other, pytest.raises(ApiError, match="307"):
        client.get("p1")

    other.socket.close()
    assert other.requests == []


@pytest.mark.parametrize("status", [200, 404])
def test_html_is_no_answer(server: Script, client: Client, status: int) -> None:
    """Another server's page is an error that asks for the address, not a traceback."""
    server.replies = [Reply(status, "<html>")]

    with pytest.raises(ApiError, match="no answer of Kerbside"):
        client.get("p1")


@pytest.mark.parametrize("status", [200, 201, 400, 500])
@pytest.mark.parametrize("body", [[], ["a"], 5, None, {}, {"output": 1}, {"id": "p1"}])
def test_json_of_another_server_is_no_answer(
    server: Script, client: Client, status: int, body: Any
) -> None:
    """Whatever it holds, each verb raises an error of the client."""
    server.answer = lambda _: Reply(status, body)
    verbs: list[Callable[[], Any]] = [
        lambda: client.price(HOUSE),
        lambda: client.get("p1"),
        lambda: client.cancel("p1"),
        client.model,
        lambda: [*client.list()],
    ]

    for verb in verbs:
        with pytest.raises(ApiError, match=r"no answer of Kerbside") as told:
            verb()
        assert told.value.status == status


@pytest.mark.parametrize(
    "output", [5, "x", [1], {"interval": 3}, {"flags": 1}, {"confidence": 2}]
)
def test_a_prediction_of_another_form_is_no_answer(
    server: Script, client: Client, output: Any
) -> None:
    """Members of another kind are told, too."""
    server.answer = lambda _: Reply(body=prediction(output=output))

    with pytest.raises(ApiError, match="no answer of Kerbside"):
        client.get("p1")


def test_a_bad_gateway_in_latin_1_is_asked_again(
    server: Script, client: Client
) -> None:
    """It says to come again, in whatever bytes."""
    server.replies = [Reply(502, b'{"title": "D\xe9faut"}'), Reply(body=prediction())]

    assert client.get("p1").id == "p1"


def test_to_wait_for_a_price_does_not_shorten_the_time_for_an_answer(
    server: Script,
) -> None:
    """A slow server is given the time of the call; it may hold the answer `wait_s`."""

    def slow(_: Request) -> Reply:
        time.sleep(0.5)
        return created()

    server.answer = slow
    with Client(server.url, KEY, timeout_s=20) as client:
        seen = client.submit(HOUSE, wait_s=0.1)
        client.submit(HOUSE, wait_s=1)

    assert seen.price == OUTPUT["price"]
    assert [one.headers["Prefer"] for one in server.requests] == ["wait=0", "wait=1"]


def test_an_outage_outlasts_the_wait_for_a_price(
    server: Script, client: Client
) -> None:
    """Tries go on until the time of the call is over, not that of the wait."""
    server.replies = [*[Reply(503, {}, {"Retry-After": "1"})] * 2, created()]

    assert client.submit(HOUSE, wait_s=1).price == OUTPUT["price"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_submit_that_is_put_off_comes_again_when_it_is_told_to(
    server: Script, client: Client, status: int
) -> None:
    """With the same key, and no sooner."""
    server.replies = [Reply(status, {}, {"Retry-After": "1"}), created()]
    began = time.monotonic()

    assert client.submit(HOUSE, wait_s=1).price == OUTPUT["price"]

    assert time.monotonic() - began >= 1
    first, second = server.requests
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_submit_that_is_put_off_for_longer_than_its_time_is_told_at_once(
    server: Script, client: Client, status: int
) -> None:
    """With when to come again, and the key to come again with."""
    server.replies = [Reply(status, {}, {"Retry-After": "60"})]

    with pytest.raises(ApiError) as told:
        client.submit(HOUSE, idempotency_key="k1")

    assert (told.value.may_pass, told.value.retry_after_s) == (True, 60)
    assert told.value.idempotency_key == "k1"


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_after_a_clear_no_is_no_success(
    server: Script, client: Client, status: int
) -> None:
    """A server that was busy did nothing: what comes then is about this try."""
    live = Reply(409, {"title": "Not to be retried", "detail": "it is live"})
    gone = Reply(410, {"title": "Prediction removed", "detail": "deleted"})
    server.replies = [Reply(status, {}), live, Reply(status, {}), gone]

    with pytest.raises(ApiError, match="live"):
        client.retry("p1")
    with pytest.raises(ApiError, match="removed"):
        client.delete("p1")


def test_pauses_have_a_longest_one_after_however_many_tries(
    server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two thousand tries are as well as two."""
    monkeypatch.setattr(calls, "_LONGEST_PAUSE_S", 1e-9)
    server.replies = [Reply(body=prediction())]
    refusals = iter([ConnectionRefusedError] * 2000)

    with Client(server.url, KEY) as client:
        connect = client.connect

        def refused_at_first() -> HTTPConnection:
            for refusal in refusals:
                raise refusal
            return connect()

        client.connect = refused_at_first
        assert client.get("p1").id == "p1"


@pytest.mark.parametrize("key", ["two\nlines", "Schlüssel"])
def test_an_idempotency_key_that_no_header_holds_is_told_at_once(
    server: Script, client: Client, key: str
) -> None:
    """Nothing is sent, neither of one house nor of several."""
    with pytest.raises(ValueError, match="one line of ASCII"):
        client.submit(HOUSE, idempotency_key=key)
    with pytest.raises(ValueError, match="one line of ASCII"):
        client.price([HOUSE, HOUSE], keys=["k1", key])

    assert server.requests == []
