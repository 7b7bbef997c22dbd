"""Laws of `kerbside batch`."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from api.cli import main
from api.client import Batches, SubmittedBatch
from api.commands import submitted_batch
from api.launcher.faults import ApiUnreachable, QueueRefused
from api.settings import ApiSettings
from model_store.store import ModelStore
from tests.api.conftest import Headers
from worker import predictors
from worker.batch_files import BatchFiles
from worker.chunks import Chunks
from worker.keys import BATCHES
from worker.ledger import Ledger

Run = Callable[..., Result]


@pytest.fixture
def api_settings(api_settings: ApiSettings, tmp_path: Path) -> ApiSettings:
    """Return settings of an API that takes batches: two chunks, of two rows."""
    more: dict[str, Any] = {"batches_url": str(tmp_path / "batches")}
    more |= {"batch_chunk_rows": 2, "batch_quota": 2}
    return api_settings.model_copy(update=more)


@pytest.fixture
def run(url: str, caller: Headers, tmp_path: Path) -> Run:
    """Return a function that runs a command of the group."""
    token = caller["Authorization"].removeprefix("Bearer ")
    settings = {"KERBSIDE_URL": url, "KERBSIDE_API_KEY": token}
    settings["KERBSIDE_STATE_DIR"] = str(tmp_path / "state")

    def run(verb: str, *words: object, stdin: str | None = None) -> Result:
        typed = ["batch", verb, "--timeout", "20", *map(str, words)]
        return CliRunner().invoke(
            main, typed, input=stdin, env=settings, prog_name="kerbside"
        )

    return run


@pytest.fixture
def work(
    book: Ledger,
    store: ModelStore,
    api_settings: ApiSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Let a chunk be priced whenever a command looks for the end of its batch."""
    files = BatchFiles(str(api_settings.batches_url))
    chunks = Chunks(files, store, predictors.load)

    look = Batches.get

    def get(batches: Batches, seen: SubmittedBatch | str) -> SubmittedBatch:
        for lease in book.claim(BATCHES, limit=1, worker="w").leases:
            book.complete(BATCHES, [chunks.price(lease, beat=lambda: None)])
        return look(batches, seen)

    monkeypatch.setattr(submitted_batch, "_LOOK_S", 0)
    monkeypatch.setattr(Batches, "get", get)


def _table(store: ModelStore, *, bad: bool = False) -> str:
    house = store.card(store.resolve("champion")).schema.example
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["custom_id", *house])
    for number in range(3):
        changed = {"bedrooms": "x"} if bad and number == 1 else {}
        writer.writerow([f"row-{number}", *{**house, **changed}.values()])
    return text.getvalue()


@pytest.mark.usefixtures("work")
def test_a_file_is_submitted_followed_and_read(
    run: Run, store: ModelStore, tmp_path: Path
) -> None:
    """A bad row has its error, the others their prices."""
    file, prices = tmp_path / "portfolio.csv", tmp_path / "prices.csv"
    file.write_text(_table(store, bad=True))

    done = run("submit", file, "--wait", "--label", "a=b", "--json")
    assert done.exit_code == 0, done.stderr
    seen = json.loads(done.stdout)
    assert (seen["status"], seen["metadata"]) == ("completed", {"a": "b"})
    written = run("results", seen["id"], "-o", prices)
    errors = run("results", seen["id"], "--errors", "--json")

    assert written.exit_code == 0, written.stderr
    with prices.open() as opened:
        names = [row["custom_id"] for row in csv.DictReader(opened)]
    assert names == ["row-0", "row-2"]
    assert json.loads(errors.stdout)["custom_id"] == "row-1"
    assert not [*tmp_path.glob("*.part")]


@pytest.mark.usefixtures("work")
def test_a_table_may_call_features_otherwise(
    run: Run, store: ModelStore, tmp_path: Path
) -> None:
    """It is priced as if it did not; its bytes behind the first line are its own."""
    prices = tmp_path / "prices.csv"
    table = _table(store).replace("custom_id", "parcel").replace("bedrooms", "beds")
    names = ["--column", "bedrooms=beds", "--id-column", "parcel"]

    done = run("submit", "-", *names, "--wait", "--json", stdin=f"\ufeff{table}")
    assert done.exit_code == 0, done.stderr
    run("results", json.loads(done.stdout)["id"], "-o", prices)

    with prices.open() as opened:
        named = [row["custom_id"] for row in csv.DictReader(opened)]
    assert named == ["row-0", "row-1", "row-2"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["--column", "bedrooms=bed"], "has no column 'bed'"),
        (["--column", "bedrooms=custom_id"], "a column 'bedrooms' beside 'custom_id'"),
        (["--column", "rooms=bedrooms"], "no feature 'rooms'"),
        (["--column", "bedrooms"], "must be FEATURE=COLUMN"),
        (["--column", "a=x", "--column", "a=y"], "'a' twice"),
        (["--column", "a=x", "--column", "b=x"], "cannot be two things"),
        (["--column", "custom_id=x"], "Say --id-column x"),
        (["--id-column", "x", "--form", "jsonl"], "are for tables"),
    ],
)
def test_columns_that_cannot_be_meant_are_told(
    run: Run, store: ModelStore, typed: list[str], told: str
) -> None:
    """With what is wrong, and nothing is sent."""
    done = run("submit", "-", *typed, stdin=_table(store))

    assert done.exit_code == 2, done.output
    assert told in done.stderr


def test_status_and_cancel_tell_how_far_it_is(run: Run, store: ModelStore) -> None:
    """In a sentence, or as the API does."""
    submitted = run("submit", "-", "--json", stdin=_table(store))
    name = json.loads(submitted.stdout)["id"]

    status = run("status", name)
    canceled = run("cancel", name, "--json")

    assert f"{name} queued: 0 of 3 houses priced" in status.stdout
    assert json.loads(canceled.stdout)["status"] == "canceled"
    assert run("status", name, "--wait").exit_code == 19


@pytest.mark.usefixtures("work")
def test_who_waits_is_told_by_the_exit_code_that_it_is_not_whole(
    run: Run, store: ModelStore
) -> None:
    """As a batch that bears no error."""
    done = run("submit", "-", "--wait", "--error-threshold", "0", stdin=_table(store))
    bad = run(
        "submit", "-", "--wait", "--error-threshold", "0", stdin=_table(store, bad=True)
    )

    assert done.exit_code == 0, done.stderr
    assert "completed: 3 of 3 houses priced" in done.stdout
    assert bad.exit_code == 19
    assert "more of its houses have an error than --error-threshold" in bad.stderr


def test_who_waits_is_told_that_no_worker_has_begun(
    run: Run, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, and not in silence; it is waited for on."""
    looks = iter(range(3))
    look = Batches.get

    def get(batches: Batches, seen: SubmittedBatch | str) -> SubmittedBatch:
        is_canceled = next(looks, None) is None
        return batches.cancel(seen) if is_canceled else look(batches, seen)

    monkeypatch.setattr(submitted_batch, "_LOOK_S", 0)
    monkeypatch.setattr(submitted_batch, "_BEGIN_S", 0)
    monkeypatch.setattr(Batches, "get", get)

    done = run("submit", "-", "--wait", stdin=_table(store))

    assert done.exit_code == 19
    assert done.stderr.count("No worker has begun bat_") == 1
    assert "is canceled" in done.stderr


def test_an_id_that_was_lost_is_found_and_a_batch_is_erased(
    run: Run, store: ModelStore
) -> None:
    """The list has it, in a sentence each or as the API does; then it is no more."""
    submitted = run("submit", "-", "--json", stdin=_table(store))
    name = json.loads(submitted.stdout)["id"]

    listed, as_json = run("list"), run("list", "--json")
    erased = run("delete", name, "--json")

    assert f"{name} queued: 0 of 3 houses priced" in listed.stdout
    assert [one["id"] for one in json.loads(as_json.stdout)] == [name]
    assert json.loads(erased.stdout) == {"id": name, "deleted": True}
    assert json.loads(run("list", "--json").stdout) == []
    assert run("delete", name).exit_code == 19


def test_many_reasons_have_a_line_each(run: Run) -> None:
    """The first ten of them, and how many there are."""
    wide = ",".join(f"c{number}" for number in range(60)) + "\n" + "1," * 59 + "1\n"

    done = run("submit", "-", stdin=wide)

    first, *reasons = done.stderr.splitlines()
    assert done.exit_code == 19
    assert re.search(r"lists the first 50 of \d\d reasons", first)
    assert [one.partition(":")[0] for one in reasons[:2]] == ["  /c0", "  /c1"]
    assert reasons[10] == "  ... and 40 more of the 50 that it lists."


def test_too_many_open_chunks_are_told_as_work_to_be_sent_later(
    run: Run, store: ModelStore
) -> None:
    """And not as an API that is away."""
    run("submit", "-", stdin=_table(store))

    done = run("submit", "-", "--timeout", "1", stdin=_table(store))

    assert done.exit_code == QueueRefused.exit_code
    assert "may have 2 chunks open" in done.stderr


def test_who_waits_for_the_api_is_told_so_once(run: Run, store: ModelStore) -> None:
    """However often it is tried."""
    away = ("--url", "http://127.0.0.1:1", "--timeout", "1")

    done = run("submit", "-", *away, stdin=_table(store))

    assert done.exit_code == ApiUnreachable.exit_code
    assert done.stderr.count("It is tried again for 1 s") == 1


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["status", "bat_none"], "No such batch"),
        (["results", "bat_none"], "No such batch"),
        (["submit", "-"], "must name columns"),
    ],
)
def test_what_the_api_refuses_is_told(run: Run, typed: list[str], told: str) -> None:
    """With an exit code of its own."""
    done = run(*typed, stdin="")

    assert done.exit_code == 19, done.output
    assert told in done.stderr


@pytest.mark.parametrize(
    ("typed", "told"),
    [(["{file}"], "--form csv"), (["-", "--label", "x"], "NAME=TEXT")],
)
def test_what_is_typed_wrong_is_told(
    run: Run, tmp_path: Path, typed: list[str], told: str
) -> None:
    """Before anything is sent."""
    file: Any = tmp_path / "houses.txt"
    file.write_text("x")

    done = run("submit", *(one.format(file=file) for one in typed), stdin="x")

    assert done.exit_code == 2
    assert told in done.stderr
