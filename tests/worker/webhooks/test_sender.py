"""One attempt is sent as the contract says, and described as it ended."""

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from importlib import metadata

import pytest

from tests.worker.webhooks import receivers
from worker.webhook_settings import WebhookSettings
from worker.webhooks.sender import Attempt, Sender, retry_after_s

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def send(behave: receivers.Behaviour, settings: WebhookSettings) -> Attempt:
    """Send to a receiver that behaves like this."""
    with receivers.receiving(behave) as receiver:
        return Sender(settings).send(receiver.url, b"{}", {})


def test_a_webhook_is_posted_as_it_is(patient: WebhookSettings) -> None:
    """The body byte by byte, our headers, and none that others added."""
    body = '{"price":"€ 450,000"}'.encode()

    with receivers.receiving(receivers.answering()) as receiver:
        attempt = Sender(patient).send(receiver.url, body, {"webhook-id": "msg_1"})
    head, _, sent = receiver.requests[0].partition(b"\r\n\r\n")

    assert attempt == Attempt(
        status=200,
        duration_ms=attempt.duration_ms,
        excerpt="thanks",
        error=None,
        retry_after_s=None,
    )
    assert sent == body
    assert sorted(head.decode().split("\r\n")) == sorted(
        [
            "POST /hook HTTP/1.1",
            f"Host: 127.0.0.1:{receiver.port}",
            f"User-Agent: Kerbside/{metadata.version('kerbside')} (+webhooks)",
            "Accept: */*",
            "Accept-Encoding: identity",
            "Connection: close",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "webhook-id: msg_1",
        ]
    )


def test_a_webhook_goes_over_ipv6(patient: WebhookSettings) -> None:
    """An address in brackets is one like any other."""
    with receivers.receiving(receivers.answering(), host="::1") as receiver:
        attempt = Sender(patient).send(receiver.url, b"{}", {})

    assert attempt.succeeded
    assert f"Host: [::1]:{receiver.port}".encode() in receiver.requests[0]


@pytest.mark.parametrize(
    ("status", "succeeded"),
    [
        ("200 OK", True),
        ("202 Accepted", True),
        ("204 No Content", True),
        ("299 Odd", True),
        ("300 Choices", False),
        ("304 Not Modified", False),
        ("400 Bad", False),
        ("410 Gone", False),
        ("429 Slow", False),
        ("500 Error", False),
        ("999 Odd", False),
    ],
)
def test_only_2xx_succeeds(
    status: str,
    succeeded: bool,  # noqa: FBT001 - a column of the table
    patient: WebhookSettings,
) -> None:
    """Every other answer is one to try again after."""
    attempt = send(receivers.answering(status, b""), patient)

    assert attempt.status == int(status[:3])
    assert attempt.succeeded is succeeded


@pytest.mark.parametrize(
    ("behave", "word"),
    [
        pytest.param(receivers.resetting, "connection_lost", id="reset"),
        pytest.param(receivers.saying(b""), "connection_lost", id="closed"),
        pytest.param(receivers.saying(b"SSH-2.0-x\r\n"), "bad_response", id="no HTTP"),
        pytest.param(
            receivers.saying(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n"),
            "bad_response",
            id="too many headers",
        ),
    ],
)
def test_an_attempt_without_a_status_says_why(
    behave: receivers.Behaviour, word: str, patient: WebhookSettings
) -> None:
    """A stable word for machines and a sentence for people."""
    attempt = send(behave, patient)

    assert (attempt.status, attempt.succeeded) == (None, False)
    assert (attempt.error or "").startswith(f"{word}: the receiver")


def test_a_port_where_nobody_listens_refuses(patient: WebhookSettings) -> None:
    """It is told from a receiver that hangs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        attempt = Sender(patient).send(url, b"{}", {})

    assert (attempt.error or "").startswith("connection_refused: ")


def test_a_receiver_without_tls_is_told_from_one_that_is_away(
    patient: WebhookSettings,
) -> None:
    """Somebody answers, but not in TLS."""

    def behave(line: socket.socket, _: receivers.Receiver) -> None:
        line.recv(1)
        line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with receivers.receiving(behave) as receiver:
        url = receiver.url.replace("http:", "https:")
        attempt = Sender(patient).send(url, b"{}", {})

    assert (attempt.error or "").startswith("tls: no TLS with the receiver: ")


def test_a_name_that_does_not_exist_is_told_by_its_word(
    patient: WebhookSettings, names: object
) -> None:
    """A failed look-up is a failed attempt."""
    attempt = Sender(patient).send("https://nowhere.example/", b"{}", {})

    assert (attempt.error or "").startswith("dns: ")


def test_a_header_that_would_make_two_is_not_sent(patient: WebhookSettings) -> None:
    """Nothing is smuggled into a request."""
    with receivers.receiving(receivers.answering()) as receiver:
        attempt = Sender(patient).send(receiver.url, b"{}", {"a": "b\r\nc: d"})

    assert (attempt.error or "").startswith("bad_header: ")
    assert receiver.requests == []


def test_an_excerpt_is_fit_to_show(patient: WebhookSettings) -> None:
    """Bytes that are no text, and what would move a terminal's cursor, are replaced."""
    body = b"caf\xc3\xa9\n\xff\x00\x1b[31m" + b"a" * 2000

    attempt = send(receivers.answering("200 OK", body), patient)

    assert attempt.excerpt.startswith("café\n\ufffd\ufffd\ufffd[31maaa")
    assert len(attempt.excerpt.encode()) <= 1024 + 2 * 3


def test_no_cookie_comes_back(patient: WebhookSettings) -> None:
    """What one attempt is told, the next one has forgotten."""
    behave = receivers.answering("200 OK", b"", "Set-Cookie: a=b; Path=/")

    with receivers.receiving(behave) as receiver:
        sender = Sender(patient)
        for _ in range(2):
            sender.send(receiver.url, b"{}", {})

    assert len(receiver.requests) == 2
    assert b"cookie" not in receiver.requests[1].lower()


def test_sixty_four_threads_share_a_sender(patient: WebhookSettings) -> None:
    """Each gets the answer to its own request."""
    bodies = [b"%d" % number * 100 for number in range(256)]

    with receivers.receiving(receivers.echoing) as receiver:
        sender = Sender(patient)
        with ThreadPoolExecutor(64) as threads:
            attempts = list(
                threads.map(lambda body: sender.send(receiver.url, body, {}), bodies)
            )

    assert [attempt.excerpt for attempt in attempts] == [b.decode() for b in bodies]
    assert receiver.accepted == len(bodies)


def test_a_receiver_says_when_to_come_again(patient: WebhookSettings) -> None:
    """Whatever its status is."""
    behave = receivers.answering("503 Busy", b"", "Retry-After: 120")

    assert send(behave, patient).retry_after_s == 120


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        (" 90 ", 90),
        ("3601", 3600),
        ("9" * 5000, 3600),
        ("Mon, 30 Nov 2026 12:02:00 GMT", 120),
        ("Mon, 30 Nov 2026 11:00:00 GMT", 0),
        ("Tue, 30 Nov 2027 12:00:00 GMT", 3600),
        ("Monday, 30-Nov-26 12:02:00 GMT", 120),
        ("Mon Nov 30 12:02:00 2026", 120),
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("Mon, 99 Nov 2026 12:02:00 GMT", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_an_hour_at_most(
    header: str | None, seconds: float | None
) -> None:
    """What is neither is not there."""
    assert retry_after_s(header, NOW) == seconds


def test_a_date_is_measured_by_instants() -> None:
    """Not by what two clocks in two zones show."""
    now = NOW.astimezone(timezone(timedelta(hours=5)))

    assert retry_after_s("Mon, 30 Nov 2026 12:02:00 GMT", now) == 120
