"""Laws of `kerbside predict` on real processes: whatever ends it, it goes on."""

import contextlib
import csv
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.client import Client
from api.launcher.faults import QueueRefused
from api.settings import child_environment
from model_store.store import ModelStore
from tests.patience import PATIENCE_S, wait_until
from tests.system.installation import Installation
from worker import connection
from worker.credentials import ApiKeys
from worker.supervision import ports

#: `kerbside` as a terminal starts it: where the tests run in the background, their
#: children ignore Ctrl-C.
_INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from api.cli import main
main(prog_name="kerbside")
"""
HOUSES = 1500
#: Seconds that a request waits for its price.
HELD_S = 30

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def key(place: Installation) -> str:
    """Return a key of the installation."""
    with connection.connect(place.redis.url, role="worker") as server:
        token, _ = ApiKeys(server).create(tenant="a", scopes=["predict", "read"])
    return token


@pytest.fixture
def client(place: Installation, key: str) -> Iterator[Client]:
    """Return a client of an API whose workers have not been started."""
    place.start(place.stack.api())
    with Client(f"http://{ports.LOOPBACK}:{place.stack.port}", key) as client:
        client.model()
        yield client


@pytest.fixture
def houses(store: ModelStore, tmp_path: Path) -> Path:
    """Return a file of houses, each of another size."""
    house = store.card(store.resolve("champion")).schema.example
    rows = [
        {"id": number, **house, "sqft_living": 500 + number} for number in range(HOUSES)
    ]
    path = tmp_path / "houses.csv"
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


@pytest.fixture
def start(client: Client, key: str, houses: Path, tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts the command for all houses."""
    started = []

    def start(*options: str) -> "subprocess.Popen[str]":
        command = (sys.executable, "-c", _INTERRUPTIBLE, "predict", houses)
        process = subprocess.Popen(
            [*command, "-o", tmp_path / "priced.csv", "--json", *options],
            env=child_environment(KERBSIDE_URL=client.url, KERBSIDE_API_KEY=key),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.kill()


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_killed_command_goes_on_and_prices_no_house_twice(
    place: Installation, client: Client, start: Start, houses: Path, tmp_path: Path
) -> None:
    """Killed again and again, it ends with each house once and in order."""
    for worker in place.stack.prediction_workers():
        place.start(worker)
    part = tmp_path / "priced.csv.part"
    for share in (0.1, 0.4, 0.7):
        process = start("--at-once", "8")
        wait_until(lambda: part.exists() and _lines(part) > share * HOUSES)  # noqa: B023
        process.kill()
        process.wait()

    told, errors = start("--at-once", "8").communicate(timeout=PATIENCE_S)

    assert json.loads(told)["resumed_at"] > 0.7 * HOUSES, errors
    rows = rows_of(tmp_path / "priced.csv")
    assert [row["id"] for row in rows] == [row["id"] for row in rows_of(houses)]
    assert all(int(row["low"]) <= int(row["price"]) for row in rows)
    assert len({row["prediction_id"] for row in rows}) == HOUSES
    assert sum(1 for _ in client.list()) == HOUSES


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_signal_ends_it_at_once_although_the_api_holds_its_requests(
    start: Start, client: Client, tmp_path: Path, number: int, code: int
) -> None:
    """No worker runs, so each request waits; the way on is told, and the code."""
    process = start()
    wait_until(lambda: next(client.list(), None))
    process.send_signal(number)
    told, errors = process.communicate(timeout=HELD_S / 2)

    assert process.returncode == code, errors
    assert told == ""
    assert f"0 of {HOUSES:,} houses are done. To go on:\n  kerbside predict" in errors
    assert (tmp_path / "priced.csv.part").exists()


def test_a_file_larger_than_the_store_is_priced_once_copies_are_deleted(
    place: Installation,
    store: ModelStore,
    client: Client,
    start: Start,
    tmp_path: Path,
) -> None:
    """Kept, its predictions fill the store; the way on that is told frees them."""
    for worker in place.stack.prediction_workers():
        place.start(worker)
    client.price(store.card(store.resolve("champion")).schema.example)  # it is up
    with connection.connect(place.redis.url, role="worker") as server:
        used: int = server.info("memory")["used_memory"]
        # A kept prediction takes 3.3 kB, one that was deleted 0.4 kB.
        server.config_set("maxmemory", used + HOUSES * 1500)

    full = start("--keep", "--timeout", "2")
    errors = full.communicate(timeout=PATIENCE_S)[1]
    # Memory comes back a little later than copies go.
    went_on = start("--delete", "--timeout", "20")
    told = went_on.communicate(timeout=PATIENCE_S)

    assert full.returncode == QueueRefused.exit_code, errors
    assert errors.splitlines()[-2].endswith("--timeout 2.0 --json --delete")
    assert went_on.returncode == 0, told
    assert json.loads(told[0])["resumed_at"] > 0
    assert {row["error"] for row in rows_of(tmp_path / "priced.csv")} == {""}


def test_on_a_terminal_there_are_rows_or_a_bar_but_not_both(
    place: Installation, client: Client, key: str, houses: Path, tmp_path: Path
) -> None:
    """A bar is drawn over what it finds, and rows are written into the bar."""
    for worker in place.stack.prediction_workers():
        place.start(worker)
    few = tmp_path / "few.csv"
    few.write_text("".join(houses.read_text().splitlines(keepends=True)[:3]))

    rows = _on_terminal(client, key, few)
    bar = _on_terminal(client, key, few, "-o", tmp_path / "few-priced.csv")

    assert "Pricing" not in rows
    assert len([line for line in rows.splitlines() if line.startswith("1,")]) == 1
    assert "Pricing" in bar


def _on_terminal(client: Client, key: str, *words: str | Path) -> str:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "api", "predict", *words],
        env=child_environment(
            KERBSIDE_URL=client.url, KERBSIDE_API_KEY=key, TERM="xterm"
        ),
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    told = b""
    # Where nobody has the other end any more, a terminal is a fault.
    with process, contextlib.suppress(OSError):
        while some := os.read(ours, 65536):
            told += some
    os.close(ours)
    assert process.returncode == 0, told
    return told.decode()
