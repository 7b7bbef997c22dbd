"""Laws of `kerbside property`."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from click.testing import CliRunner, Result

from api.cli import main
from api.client import Batches, Client, SubmittedBatch
from api.commands import submitted_batch
from api.settings import ApiSettings
from model_store.archive.archive import Archive
from tests.api.conftest import Finish, Headers
from worker.keys import BATCHES
from worker.leases import Completion
from worker.ledger import Ledger
from worker.unstored import UnstoredBatches

Run = Callable[..., Result]


@pytest.fixture
def api_settings(
    api_settings: ApiSettings, archive: Archive, tmp_path: Path
) -> ApiSettings:
    """Return settings of an API with an archive, and a place for batches."""
    more = {"archive_url": archive.database.place, "batches_url": str(tmp_path / "b")}
    return api_settings.model_copy(update=more)


@pytest.fixture
def run(url: str, caller: Headers, tmp_path: Path) -> Run:
    """Return a function that runs a command of the group."""
    token = caller["Authorization"].removeprefix("Bearer ")
    settings = {"KERBSIDE_URL": url, "KERBSIDE_API_KEY": token}
    settings["KERBSIDE_STATE_DIR"] = str(tmp_path / "state")

    def run(verb: str, *words: str, stdin: str | None = None) -> Result:
        typed = ["property", verb, "--timeout", "30", *words]
        return CliRunner().invoke(
            main, typed, input=stdin, env=settings, prog_name="kerbside"
        )

    return run


@pytest.fixture
def _valued(settle: Finish) -> Iterator[None]:
    """Let a thread do the work of a worker and of the archivist."""
    stopping = threading.Event()

    def work() -> None:
        while not stopping.wait(0.01):
            settle()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stopping.set()
    thread.join()


@pytest.fixture
def _kept(url: str, caller: Headers, house: dict[str, Any]) -> None:
    """Put a property."""
    token = caller["Authorization"].removeprefix("Bearer ")
    with Client(url, token) as client:
        client.properties.put("alder-1", house)


@pytest.mark.usefixtures("_kept", "_valued")
def test_a_property_is_valued_and_its_prices_are_listed(run: Run) -> None:
    """As sentences, or as the API tells it."""
    value, new = run("value", "alder-1"), run("value", "alder-1", "--refresh", "--json")
    history, listed = run("history", "alder-1", "--json"), run("list")

    assert value.exit_code == 0, value.stderr
    assert "612,000 USD (498,000 to 741,000)" in value.stdout
    assert json.loads(new.stdout)["output"]["price"] == 612000
    assert [one["change"] for one in json.loads(history.stdout)] == [0, None]
    assert "+0" in run("history", "alder-1").stdout
    assert listed.stdout.startswith("alder-1: 612,000 USD by")
    assert [one["id"] for one in json.loads(run("list", "--json").stdout)] == [
        "alder-1"
    ]


@pytest.mark.usefixtures("_kept")
def test_a_property_is_shown_and_erased(run: Run, house: dict[str, Any]) -> None:
    """Before it has a price, too."""
    shown = run("show", "alder-1")
    assert f"bedrooms: {house['bedrooms']}" in shown.stdout
    assert json.loads(run("show", "alder-1", "--json").stdout)["input"] == house
    assert run("list").stdout == "alder-1: no price yet.\n"

    assert run("delete", "alder-1").stdout == "alder-1 is erased.\n"

    assert json.loads(run("list", "--json").stdout) == []
    again = run("delete", "alder-1", "--json")
    assert again.exit_code == 20
    assert "No such property" in again.stderr


@pytest.mark.parametrize("verb", ["value", "show", "history"])
def test_a_property_that_is_not_known_is_told(run: Run, verb: str) -> None:
    """With an exit code of its own."""
    done = run(verb, "nobody")

    assert done.exit_code == 20, done.output
    assert "No such property" in done.stderr


def test_a_file_of_properties_is_one_batch(run: Run, house: dict[str, Any]) -> None:
    """Which `kerbside batch` knows, too."""
    rows = json.dumps({"custom_id": "alder-1", "input": house})
    words = ("--form", "jsonl", "--max-age", "60", "--label", "a=b", "--json")

    done = run("import", "-", *words, stdin=rows)

    assert done.exit_code == 0, done.stderr
    seen = json.loads(done.stdout)
    assert (seen["purpose"], seen["metadata"]) == ("properties", {"a": "b"})
    assert (
        "queued: 0 of 1 houses priced"
        in run("import", "-", "--form", "jsonl", stdin=rows).stdout
    )


def test_who_waits_for_an_import_waits_until_it_is_stored(
    run: Run,
    house: dict[str, Any],
    book: Ledger,
    redis: redis_py.Redis,
    api_settings: ApiSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And is told, once, while the archive is away: nothing of it is lost."""
    unstored = UnstoredBatches(redis, api_settings)
    looks = iter(range(4))
    look = Batches.get

    def get(batches: Batches, seen: SubmittedBatch | str) -> SubmittedBatch:
        for lease in book.claim(BATCHES, limit=1, worker="w").leases:
            book.complete(BATCHES, [Completion(lease=lease, output=b"1 1 0")])
        if next(looks, None) is None:
            (one,) = unstored.all()
            unstored.note(one, 1, 1, 1, {})
            unstored.let_go(one.batch.id)
        return look(batches, seen)

    monkeypatch.setattr(submitted_batch, "_LOOK_S", 0)
    monkeypatch.setattr(submitted_batch, "_STORE_S", 0)
    monkeypatch.setattr(Batches, "get", get)
    rows = json.dumps({"custom_id": "alder-1", "input": house})

    done = run("import", "-", "--form", "jsonl", "--wait", stdin=rows)

    assert done.exit_code == 0, done.stderr
    assert "1 of 1 houses priced" in done.stdout
    assert "1 stored" in done.stdout
    assert done.stderr.count("the archive may be away") == 1


def test_a_file_that_is_no_table_of_properties_is_told(run: Run) -> None:
    """With the exit code of a batch that is refused."""
    done = run("import", "-", stdin="bedrooms\n3\n")

    assert done.exit_code == 19, done.output
    assert "lacks this column" in done.stderr
    assert "--id-column COLUMN" in done.stderr


def test_a_table_may_call_the_id_of_a_property_otherwise(
    run: Run, house: dict[str, Any]
) -> None:
    """As its owner's own list of houses does."""
    names = ["parcel", *house]
    cells = ["alder-1", *house.values()]
    rows = "\n".join(",".join(map(str, line)) for line in (names, cells))

    done = run("import", "-", "--id-column", "parcel", stdin=f"{rows}\n")

    assert done.exit_code == 0, done.stderr
    assert "queued: 0 of 1 houses priced" in done.stdout
