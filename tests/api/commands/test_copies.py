"""Laws of what `kerbside predict` leaves in the service."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from api.client import RESULT_COLUMNS, ApiError, Client
from api.commands import copies
from api.launcher.faults import QueueRefused
from tests.api.commands.conftest import Predict, Write, read
from tests.api.conftest import Headers


@pytest.fixture
def service(url: str, caller: Headers) -> Iterator[Client]:
    """Return a client of the key that the command has."""
    with Client(url, caller["Authorization"].removeprefix("Bearer ")) as client:
        yield client


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Return where the rows go."""
    return tmp_path / "priced.csv"


def test_a_few_predictions_are_kept(
    predict: Predict, write: Write, worker: None, service: Client, output: Path
) -> None:
    """Each can be looked up by the id in its row."""
    done = predict(write(3), "-o", output, "--json")

    assert json.loads(done.stdout)["kept"] is True
    assert [service.get(row["prediction_id"]).price for row in read(output)] == [
        *(612000, 612000, 612000)
    ]


def test_a_prediction_is_deleted_once_its_row_is_written(
    predict: Predict, write: Write, worker: None, service: Client, output: Path
) -> None:
    """The price is in the file, and the store has room for others."""
    done = predict(write(3), "-o", output, "--delete", "--json")

    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["kept"] is False
    rows = read(output)
    assert [row["price"] for row in rows] == ["612000"] * 3
    assert list(service.list()) == []
    with pytest.raises(ApiError, match="You deleted this prediction"):
        service.get(rows[0]["prediction_id"])


@pytest.mark.parametrize(("option", "left"), [("--json", 0), ("--keep", 3)])
@pytest.mark.usefixtures("worker")
def test_those_of_a_large_file_are_deleted_unless_it_is_said_otherwise(
    predict: Predict,
    write: Write,
    service: Client,
    output: Path,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    left: int,
) -> None:
    """One file must not fill a store that all share; what is done is told."""
    monkeypatch.setattr(copies, "MOST_KEPT", 2)

    done = predict(write(3), "-o", output, option)

    assert done.exit_code == 0, done.stderr
    assert len(list(service.list())) == left
    assert ("unless you say --keep" in done.stderr) == (left == 0)


def test_a_run_that_goes_on_deletes_what_it_had_left(
    predict: Predict, interrupted: Path, tmp_path: Path, service: Client
) -> None:
    """Also where it had kept them until then."""
    done = predict(tmp_path / "houses.csv", "-o", interrupted, "--delete")

    assert done.exit_code == 0, done.stderr
    assert list(service.list()) == []
    assert len({row["prediction_id"] for row in read(interrupted)}) == 100


def test_what_was_deleted_is_not_deleted_again(
    predict: Predict,
    write: Write,
    worker: None,
    service: Client,
    output: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run that goes on and on does not begin at the first row each time."""
    seen: list[int] = []

    def interrupt(_: Client, rows: Any) -> None:
        seen.append(len(rows))
        if len(seen) in {2, 4}:
            raise KeyboardInterrupt

    houses = write(100)
    monkeypatch.setattr(copies, "delete", interrupt)
    for code in (130, 130, 0):
        done = predict(houses, "-o", output, "--delete", "--at-once", "2")
        assert done.exit_code == code, done.stderr

    # Groups of 32; of the rows that were written, those whose turn had not been yet.
    assert seen == [32, 32, 32, 32, 32, 4]


def test_a_prediction_without_a_price_stays(
    service: Client, house: dict[str, Any]
) -> None:
    """Somebody may have to look at it."""
    cells = dict.fromkeys(RESULT_COLUMNS, "")
    left = service.submit(house)

    copies.delete(service, [[*(cells | {"prediction_id": left.id}).values()]])

    assert service.get(left).id == left.id


def test_one_that_is_forgotten_already_is_no_fault(service: Client) -> None:
    """A run may go on after a week."""
    unknown = "0b5d3a52-5d8a-4c3e-9d5c-1f0e9a8b7c6d"
    cells = dict.fromkeys(RESULT_COLUMNS, "")
    cells |= {"price": "1", "prediction_id": unknown}

    copies.delete(service, [[*cells.values()]])

    with pytest.raises(ApiError) as caught:
        service.get(unknown)
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("option", "told"),
    [("--keep", "With --delete each\ngoes"), ("--delete", "must expire first")],
)
def test_a_full_store_is_told_with_the_way_on(
    predict: Predict,
    write: Write,
    redis: redis_py.Redis,
    output: Path,
    option: str,
    told: str,
) -> None:
    """By a code of its own, with what fits and a command that goes on."""
    redis.set("kerbside:memory_full", "memory")
    houses = write(1)

    done = predict(houses, "-o", output, option, "--timeout", "1")

    assert done.exit_code == QueueRefused.exit_code
    assert told in done.stderr
    on = f"kerbside predict {houses} --output {output} --timeout 1.0 --delete\n"
    assert on in done.stderr
