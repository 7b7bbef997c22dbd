"""Laws of the tries of a call."""

import socket

import pytest

from api.client import (
    ApiError,
    Client,
    Unreachable,
)
from tests.api.client.script import (
    BUSY,
    DROPPED,
    HOUSE,
    KEY,
    Reply,
    Script,
    created,
)
from tests.api.conftest import OUTPUT


def test_lost_answers_make_one_job(server: Script, client: Client) -> None:
    """The server took the submit each time; all tries have the same key and body."""
    server.replies = [DROPPED, BUSY, Reply(502, "<html>"), created()]

    assert client.price(HOUSE).price == OUTPUT["price"]

    assert len(server.requests) == 4
    assert len({request.headers["Idempotency-Key"] for request in server.requests}) == 1
    assert [request.body for request in server.requests] == [{"input": HOUSE}] * 4


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
