"""Laws of the small receiver of `kerbside listen`."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from api.commands.event_receiver import BODY_BYTES, EventReceiver, Received
from tests.signed_events import EventSender
from worker.webhooks.signing import new_secret


@dataclass
class Heard:
    """A receiver that runs, and what it told."""

    sender: EventSender
    events: list[Received] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


Listen = Callable[..., Heard]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Return a function that runs a receiver on a free port."""
    running = []

    def listen(status: int = 200) -> Heard:
        heard = Heard(EventSender(0))
        receiver = EventReceiver(
            0,
            secrets=[new_secret(), heard.sender.secret],
            status=status,
            on_event=heard.events.append,
            on_refusal=heard.refusals.append,
            on_answered=lambda: None,
        )
        heard.sender.port = receiver.server_port
        thread = threading.Thread(target=receiver.serve_forever, args=(0.01,))
        thread.start()
        running.append((receiver, thread))
        return heard

    yield listen
    for receiver, thread in running:
        receiver.shutdown()
        thread.join()
        receiver.server_close()


def test_a_good_event_is_taken(listen: Listen) -> None:
    """Whichever of the secrets signed it."""
    heard = listen()

    assert heard.sender.send("evt_1", metadata={"loan": "7"}) == 200

    (received,) = heard.events
    assert (received.id, received.repeated, received.answered) == ("evt_1", False, 200)
    assert received.event["data"]["metadata"] == {"loan": "7"}
    assert heard.refusals == []


def test_an_event_that_comes_again_is_known(listen: Listen) -> None:
    """By its id, not by its bytes."""
    heard = listen()

    assert [heard.sender.send(one) for one in ("a", "b", "a")] == [200, 200, 200]

    assert [one.repeated for one in heard.events] == [False, False, True]


def test_failures_can_be_rehearsed(listen: Listen) -> None:
    """The event is shown all the same."""
    heard = listen(status=503)

    assert heard.sender.send() == 503

    assert [one.answered for one in heard.events] == [503]


def test_what_is_not_well_signed_is_refused_and_says_why(listen: Listen) -> None:
    """A stranger's, an old one, a changed one, one with no signature, one with junk."""
    heard = listen()
    sender = heard.sender
    junk = {"webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": "x"}

    assert sender.send(secret=new_secret()) == 401
    assert sender.send(age_s=600) == 401
    assert sender.post(b"{}", {}) == 401
    assert sender.post(b"{}", junk) == 401
    assert sender.post(b"\xff", {**junk, "webhook-timestamp": "now"}) == 401

    assert heard.events == []
    told = "\n".join(heard.refusals)
    for reason in ("No matching signature", "too old", "Missing required headers"):
        assert reason in told
    assert all("with this receiver's secret" in one for one in heard.refusals)


@pytest.mark.parametrize("body", [b"[]", b"{}", b"not json", b'{"data":{},"type":1}'])
def test_what_is_well_signed_and_no_event_is_refused(
    listen: Listen, body: bytes
) -> None:
    """It cannot be shown."""
    heard = listen()

    assert heard.sender.send(body=body) == 400

    assert heard.events == []
    assert "no event" in heard.refusals[0]


def test_a_body_is_bounded_before_it_is_read(listen: Listen) -> None:
    """Whoever says that much is not listened to; nor who does not say how much."""
    heard = listen()

    assert heard.sender.post(b"", {"Content-Length": str(BODY_BYTES + 1)}) == 413
    assert heard.sender.post(b"", {"Content-Length": "-1"}) == 411


def test_only_this_machine_reaches_it(listen: Listen) -> None:
    """It holds a secret and shows what comes."""
    heard = listen()
    receiver = EventReceiver(
        0,
        secrets=[heard.sender.secret],
        status=200,
        on_event=heard.events.append,
        on_refusal=heard.refusals.append,
        on_answered=lambda: None,
    )
    with receiver:
        assert receiver.server_address[0] == "127.0.0.1"
