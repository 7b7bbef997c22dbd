"""Laws of the receivers in examples/: each runs, and takes events as it should."""

import contextlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.settings import child_environment
from tests.patience import wait_until
from tests.signed_events import EventSender
from tests.structure import source
from tests.system import npm
from worker.supervision import ports
from worker.webhooks.signing import new_secret

EXAMPLES = source.ROOT / "examples"


@dataclass
class Receiver:
    """A receiver that runs."""

    sender: EventSender
    process: "subprocess.Popen[str]"
    printed: Path

    def lines(self) -> list[str]:
        """Return what it has printed about predictions."""
        lines = self.printed.read_text().splitlines()
        # Flask greets.
        return [line for line in lines if re.match(r"p\d ", line)]


Start = Callable[[], Receiver]


def _javascript(folder: Path) -> tuple[str, str]:
    """Return the command of the receiver in JavaScript, with its library beside it."""
    npm.install(EXAMPLES, folder)
    shutil.copy(EXAMPLES / "receiver.mjs", folder)
    return "node", str(folder / "receiver.mjs")


@pytest.fixture(params=["flask", "javascript"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a receiver, always with the same secret."""
    command = (sys.executable, str(EXAMPLES / "receiver_flask.py"))
    if request.param == "javascript":
        command = _javascript(tmp_path)
    sender = EventSender(ports.find_free())
    environment = child_environment(
        KERBSIDE_WEBHOOK_SECRET=sender.secret,
        PORT=str(sender.port),
        DATABASE=str(tmp_path / "events.sqlite"),
    )
    started: list[subprocess.Popen[str]] = []

    def start() -> Receiver:
        printed = tmp_path / f"printed-{len(started)}"
        with printed.open("w") as file:
            process = subprocess.Popen(command, env=environment, stdout=file, text=True)
        started.append(process)
        wait_until(lambda: process.poll() is not None or _answers(sender.port))
        assert process.poll() is None
        return Receiver(sender, process, printed)

    yield start
    for process in started:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_acts_once_on_each_good_event_and_on_nothing_else(start: Start) -> None:
    """A stranger's, an old one and a changed one are refused, a repeat is not."""
    receiver = start()
    send = receiver.sender.send

    assert send("a", id="p1") == 204
    assert send("a", id="p1") == 204
    assert send("b", id="p2", secret=new_secret()) == 401
    assert send("c", id="p3", age_s=600) == 401
    assert receiver.sender.post(b"{}", {}) == 401
    assert receiver.sender.post(b"{}", {"webhook-signature": "x"}) == 401
    assert send("d", id="p4") == 204
    wait_until(lambda: len(receiver.lines()) == 2)

    assert receiver.lines() == ["p1 succeeded", "p4 succeeded"]


def test_a_body_that_is_too_large_is_refused(start: Start) -> None:
    """As what it is: nobody looks for the fault in the secret."""
    receiver = start()

    assert receiver.sender.send("a", id="p1", padding="x" * 300_000) == 413
    assert receiver.sender.send("b", id="p2") == 204
    wait_until(receiver.lines)
    assert receiver.lines() == ["p2 succeeded"]


@pytest.mark.parametrize("start", ["flask"], indirect=True)
def test_an_event_that_cannot_be_acted_on_holds_up_no_other(
    start: Start, tmp_path: Path
) -> None:
    """It stays to be done."""
    receiver = start()
    broken = b'{"type":"prediction.succeeded","data":{"sequence":1}}'

    assert receiver.sender.send("a", body=broken) == 204
    assert receiver.sender.send("b", id="p1") == 204
    wait_until(receiver.lines)

    with contextlib.closing(sqlite3.connect(tmp_path / "events.sqlite")) as database:
        open_ = database.execute("SELECT id FROM inbox WHERE done = 0").fetchall()
    assert open_ == [("a",)]


def test_what_comes_late_changes_nothing(start: Start) -> None:
    """The sequence tells which event of a prediction is the newer one."""
    receiver = start()
    send = receiver.sender.send

    assert send("a", id="p1", sequence=3) == 204
    assert send("b", id="p1", sequence=2, status="processing") == 204
    assert send("c", id="p1", sequence=5, status="canceled") == 204
    assert send("d", body=b'{"type":"endpoint.disabled","data":{"id":"wh_1"}}') == 204
    assert send("e", id="p2") == 204
    wait_until(lambda: len(receiver.lines()) == 3)

    assert receiver.lines() == ["p1 succeeded", "p1 canceled", "p2 succeeded"]


@pytest.mark.parametrize("start", ["flask"], indirect=True)
def test_a_receiver_with_a_database_knows_events_across_its_restart(
    start: Start, tmp_path: Path
) -> None:
    """The sender cannot know that it has acted already."""
    first = start()
    first.sender.send("a", id="p1")
    with contextlib.closing(sqlite3.connect(tmp_path / "events.sqlite")) as database:
        done = "SELECT id FROM inbox WHERE done = 1"
        wait_until(lambda: database.execute(done).fetchall())
    assert first.lines() == ["p1 succeeded"]
    first.process.kill()
    first.process.wait()

    second = start()
    assert second.sender.send("a", id="p1") == 204
    assert second.sender.send("b", id="p2") == 204
    wait_until(second.lines)

    assert second.lines() == ["p2 succeeded"]
