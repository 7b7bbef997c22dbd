"""Laws of the client's verbs."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from api import client as client_module
from api.client import (
    ApiError,
    Client,
    KerbsideError,
    NotFinished,
    NotPriced,
    Prediction,
)
from tests.api.client.script import (
    BUSY,
    DROPPED,
    HOUSE,
    KEY,
    Reply,
    Script,
    created,
    prediction,
)
from tests.api.conftest import OUTPUT


def test_the_folder_works_alone(tmp_path: Path) -> None:
    """Copied elsewhere it loads nothing but the standard library."""
    shutil.copytree(Path(client_module.__file__).parent, tmp_path / "prices")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; import prices.async_client; "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )

    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()

    assert set(loaded) - sys.stdlib_module_names == {"prices", "__main__"}


def test_a_submit_says_all_that_was_said(server: Script, client: Client) -> None:
    """House, options, key of the API and idempotency key are sent as they are."""
    server.replies = [Reply(202, prediction("starting"), {"Retry-After": "1"})]

    seen = client.submit(
        HOUSE,
        version="v1",
        explain=True,
        metadata={"a": "b"},
        webhook="https://hooks.example.com",
        webhook_events_filter=["start", "completed"],
        idempotency_key="k1",
    )

    (request,) = server.requests
    assert (seen.status, seen.price, seen.has_ended) == ("starting", None, False)
    assert (request.method, request.path) == ("POST", "/v1/predictions")
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Idempotency-Key"] == "k1"
    assert request.body == {
        "input": HOUSE,
        "version": "v1",
        "explain": True,
        "metadata": {"a": "b"},
        "webhook": "https://hooks.example.com",
        "webhook_events_filter": ["start", "completed"],
    }


def test_two_submits_have_two_keys(server: Script, client: Client) -> None:
    """The same house may be submitted again."""
    server.replies = [created(), created()]

    client.submit(HOUSE)
    client.submit(HOUSE)

    keys = {request.headers["Idempotency-Key"] for request in server.requests}
    assert len(keys) == 2


def test_a_wait_sees_a_job_through_faults(server: Script, client: Client) -> None:
    """Long polls are repeated until the end, whatever the service meets meanwhile."""
    server.replies = [
        Reply(202, prediction("starting")),
        Reply(body=prediction("processing"), headers={"Preference-Applied": "wait=4"}),
        BUSY,
        DROPPED,
        Reply(body=prediction()),
    ]

    assert client.price(HOUSE).price == OUTPUT["price"]

    polls = server.requests[1:]
    assert {request.path for request in polls} == {"/v1/predictions/p1"}
    assert all(request.headers["Prefer"].startswith("wait=") for request in polls)


def test_what_does_not_end_in_time_can_be_waited_for_again(
    server: Script, client: Client
) -> None:
    """The error carries the prediction as last seen."""
    server.answer = lambda _: Reply(body=prediction("processing"))

    with pytest.raises(NotFinished) as told:
        client.wait("p1", timeout_s=0.1)

    assert told.value.prediction.status == "processing"
    server.answer = lambda _: Reply(body=prediction())
    assert client.wait(told.value.prediction).has_ended


def test_a_wait_through_an_outage_ends_with_what_was_seen(
    server: Script, client: Client
) -> None:
    """A service that does not come back loses nothing."""
    server.answer = lambda _: BUSY
    seen = Prediction.from_json(prediction("starting"))

    with pytest.raises(NotFinished) as told:
        client.wait(seen, timeout_s=0.2)

    assert told.value.prediction is seen
    assert isinstance(told.value.__cause__, ApiError)


def test_a_wait_for_what_was_removed_says_so(server: Script, client: Client) -> None:
    """What will never end is not waited for."""
    server.replies = [Reply(410, {"title": "Prediction removed", "detail": "gone"})]

    with pytest.raises(ApiError, match="removed"):
        client.wait(Prediction.from_json(prediction("starting")))


def test_a_failed_prediction_raises_from_price_alone(
    server: Script, client: Client
) -> None:
    """To read one is fine; to want its price is not."""
    failed = prediction("failed", error="The model raised.")
    server.answer = lambda _: Reply(body=failed)

    assert client.get("p1").error == "The model raised."
    with pytest.raises(NotPriced, match=r"p1 is failed: The model raised\.") as told:
        client.price(HOUSE)
    assert told.value.prediction.status == "failed"


def test_a_cancel_reads_what_came_of_it(server: Script, client: Client) -> None:
    """The answer is the prediction as it is now."""
    server.replies = [Reply(body=prediction("canceled"))]

    assert client.cancel("p1").status == "canceled"
    assert server.requests[0].path == "/v1/predictions/p1/cancel"


def test_a_retry_whose_answer_was_lost_has_been_done(
    server: Script, client: Client
) -> None:
    """The repeat is told that the prediction is live, and that is what was wanted."""
    live = Reply(409, {"title": "Not to be retried", "detail": "it is live"})
    server.replies = [DROPPED, live, Reply(body=prediction("processing")), live]

    assert client.retry("p1").status == "processing"
    with pytest.raises(ApiError, match="live"):
        client.retry("p1")


def test_a_delete_whose_answer_was_lost_has_been_done(
    server: Script, client: Client
) -> None:
    """The repeat finds nothing left, and that is what was wanted."""
    gone = Reply(410, {"title": "Prediction removed", "detail": "deleted"})
    server.replies = [Reply(204, ""), DROPPED, gone, gone]

    client.delete("p1")
    client.delete("p1")
    with pytest.raises(ApiError, match="removed"):
        client.delete("p1")


def test_an_id_stays_in_its_place(server: Script, client: Client) -> None:
    """No text that is taken for an id reaches another address."""
    server.replies = [Reply(404, {"title": "No such prediction"})]

    with pytest.raises(ApiError):
        client.get("../keys?a=b")

    assert server.requests[0].path == "/v1/predictions/..%2Fkeys%3Fa%3Db"


def test_a_list_is_read_page_by_page(server: Script, client: Client) -> None:
    """The next page is asked of the same server, wherever its link leads."""
    pages = [
        {"results": [prediction(id="p1")], "next": "https://other.org/v1/x?cursor=o2"},
        {"results": [prediction(id="p2")], "next": None},
    ]
    server.replies = [Reply(body=page) for page in pages]

    found = client.list(status="succeeded", created_after="2026-01-02T03:04:05Z")

    assert [one.id for one in found] == ["p1", "p2"]
    first, second = (request.path for request in server.requests)
    assert "status=succeeded" in first
    assert "created_after=2026-01-02T03%3A04%3A05Z" in first
    assert second == "/v1/predictions?cursor=o2"


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("prices.example.org", KEY),
        ("ftp://prices.example.org", KEY),
        ("http://user:pw@prices.example.org", KEY),
        ("http://prices.example.org", f"{KEY}\n"),
        ("http://prices.example.org", f"{KEY}\xe9"),
    ],
)
def test_an_address_or_a_key_that_is_none_is_told_at_once(url: str, key: str) -> None:
    """Nothing of it is repeated: it may be secret."""
    with pytest.raises(ValueError, match="url must be") as told:
        Client(url, key)

    assert "secret" not in str(told.value)
    assert "pw" not in str(told.value)


def test_the_secret_of_ones_own_webhooks_can_be_read(
    server: Script, client: Client
) -> None:
    """Who submits with a `webhook` verifies with it."""
    server.replies = [Reply(200, {"key": "whsec_x"}), Reply(200, {"secret": "other"})]

    assert client.webhook_secret() == "whsec_x"
    with pytest.raises(KerbsideError):
        client.webhook_secret()


def test_no_representation_holds_the_key(server: Script, client: Client) -> None:
    """Objects and errors may be logged."""
    server.replies = [Reply(401, {"title": "API key not valid"})]
    with pytest.raises(ApiError) as told:
        client.get("p1")

    seen = Prediction.from_json(prediction())
    assert KEY not in repr([client, told.value, seen])
    assert repr(OUTPUT["price"]) in repr(seen)
