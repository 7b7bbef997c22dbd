"""Laws of `kerbside listen`."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from api.settings import child_environment
from tests.api.conftest import Run
from tests.signed_events import EventSender
from worker.webhooks.signing import new_secret

#: `kerbside` as a terminal starts it: where the tests run in the background, their
#: children ignore Ctrl-C.
_INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from api.cli import main
main(prog_name="kerbside")
"""


@dataclass
class Listener:
    """A `kerbside listen` that runs, and who sends to it."""

    process: "subprocess.Popen[str]"
    sender: EventSender

    def end(self) -> tuple[str, str]:
        """Return what it told on stdout and stderr once it has ended."""
        return self.process.communicate(timeout=60)


Start = Callable[..., Listener]


@pytest.fixture
def start() -> Iterator[Start]:
    """Return a function that starts the command and waits until it listens."""
    started = []

    def start(*options: str) -> Listener:
        secret = new_secret()
        process = subprocess.Popen(
            [sys.executable, "-c", _INTERRUPTIBLE, "listen", "--port", "0", *options],
            env=child_environment(KERBSIDE_WEBHOOK_SECRET=secret),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stderr
        port = re.search(r"127.0.0.1:(\d+)/", process.stderr.readline())
        assert port
        assert port[1] in process.stderr.readline()
        return Listener(process, EventSender(int(port[1]), secret))

    yield start
    for process in started:
        with process:
            process.kill()


def test_events_are_shown_until_ctrl_c(start: Start) -> None:
    """When, what, whose and how much; strangers on stderr; Ctrl-C is the usual end."""
    listener = start()
    price = {"price": 512_000, "currency": "USD"}
    for _ in range(2):
        assert listener.sender.send(output=price) == 200
    assert listener.sender.send("evt_2", secret=new_secret()) == 401

    listener.process.send_signal(signal.SIGINT)
    out, err = listener.end()

    assert listener.process.returncode == 0
    first, second = out.splitlines()
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d  prediction.succeeded  p1  succeeded  512,000 USD", first
    )
    assert second.endswith("512,000 USD  repeated")
    assert "Refused with 401: No matching signature" in err
    assert err.endswith("1 events, 1 repeated, 1 refused.\n")


def test_a_program_gets_a_line_of_json_for_each_event_until_it_has_enough(
    start: Start,
) -> None:
    """A repeat is told and does not count; the last one is answered too."""
    listener = start("--json", "--count", "2", "--status", "503")

    answers = [listener.sender.send(one) for one in ("a", "a", "b")]
    out, _ = listener.end()

    told = [json.loads(line) for line in out.splitlines()]
    assert (listener.process.returncode, answers) == (0, [503, 503, 503])
    assert [(one["id"], one["repeated"]) for one in told] == [
        ("a", False),
        ("a", True),
        ("b", False),
    ]
    assert {one["answered"] for one in told} == {503}
    assert told[0]["event"]["data"]["id"] == "p1"


def test_a_port_that_is_taken_is_told(run: Run) -> None:
    """With what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("listen", "--secret", new_secret(), "--port", port)

    assert done.exit_code == 4
    assert "--port 0 takes any free one" in done.stderr


def test_a_secret_that_is_none_is_told_and_not_repeated(run: Run) -> None:
    """It may be one that lost a letter."""
    done = run("listen", "--secret", "whsec_short")

    assert done.exit_code == 2
    assert "standard base64" in done.stderr
    assert "whsec_short" not in done.output


def test_without_an_installation_it_says_what_to_do(run: Run) -> None:
    """Nothing was started yet."""
    done = run("listen")

    assert done.exit_code == 9
    assert "start one with `kerbside up`" in done.stderr
