"""Many houses at once in docker-compose.yml: by files that its containers share.

With the archive that `test_archive.py` has switched on: properties need one.
"""

import contextlib
import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from api.client import Client
from api.client.batches import CSV, SubmittedBatch
from tests.e2e import page
from tests.e2e.stack import API_PORT, PRICED_WITHIN_S, Stack
from tests.patience import wait_until

#: Five chunks, so that one is in hand while others wait.
ROWS = 10_000
BAD = 3_000


@pytest.fixture
def client(site: Stack, token: str) -> Iterator[Client]:
    """Return a client that comes in by the balancer, as all do."""
    with contextlib.closing(Client(site.url(API_PORT), token)) as client:
        yield client


def _table(house: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Return houses as a table: ids, and what is different in each of them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["custom_id", *house])
    for custom_id, changed in rows.items():
        writer.writerow([custom_id, *{**house, **changed}.values()])
    return text.getvalue().encode()


def _lines(write: Callable[[SubmittedBatch, BinaryIO], None], batch: Any) -> list[Any]:
    file = io.BytesIO()
    write(batch, file)
    return [json.loads(line) for line in file.getvalue().splitlines()]


def _wait(
    client: Client,
    batch: SubmittedBatch,
    what: str,
    shows: Callable[[SubmittedBatch], bool],
) -> SubmittedBatch:
    seen = batch

    def holds() -> bool:
        nonlocal seen
        seen = client.batches.get(batch)
        return shows(seen)

    wait_until(holds, what, timeout_s=PRICED_WITHIN_S)
    return seen


def test_a_batch_outlives_its_worker(
    site: Stack, client: Client, house: dict[str, Any]
) -> None:
    """API and worker share its files: each row has a price or an error, in order."""
    changes: dict[str, dict[str, Any]]
    changes = {f"row-{n}": {"sqft_lot": 5_000 + n} for n in range(1, ROWS + 1)}
    changes[f"row-{BAD}"] = {"bedrooms": "many"}
    (worker,) = site.containers("batches")

    site.slow_down(worker)
    batch = client.batches.submit(_table(house, changes), CSV)
    _wait(client, batch, "its first chunk", lambda seen: seen.status == "in_progress")
    site.kill(worker)
    left = client.batches.get(batch)
    site.speed_up(worker)
    done = _wait(client, batch, "its end", lambda seen: seen.has_ended)

    assert left.completed + left.failed < ROWS
    assert (done.status, done.completed, done.failed) == ("completed", ROWS - 1, 1)
    results = _lines(client.batches.results, batch)
    del changes[f"row-{BAD}"]
    assert [one["custom_id"] for one in results] == list(changes)
    assert all(one["output"]["price"] > 0 for one in results)
    (error,) = _lines(client.batches.errors, batch)
    # Below the names of the columns.
    assert (error["line"], error["field"]) == (BAD + 1, "bedrooms")


def test_imported_properties_have_their_prices_ready(
    site: Stack, client: Client, house: dict[str, Any]
) -> None:
    """The worker prices them, and upkeep carries that from the files to PostgreSQL."""
    changes = {"alder-1": {"bedrooms": 3}, "birch-2": {"bedrooms": 4}}

    batch = client.batches.submit_properties(_table(house, changes), CSV)
    _wait(
        client,
        batch,
        "two stored properties",
        lambda seen: seen.raw["request_counts"]["stored"] == len(changes),
    )

    for name in changes:
        valuation = client.properties.valuation(name)
        assert (valuation.price > 0, valuation.stale_because) == (True, ())
    told = json.loads(site.kerbside("archive", "status", "--json"))["tables"]
    assert told["properties"]["rows"] == told["valuations"]["rows"] == len(changes)


def test_a_command_in_a_container_has_a_table_priced(
    site: Stack, token: str, house: dict[str, Any], tmp_path: Path
) -> None:
    """With the lines of the page: it finds the API, and reads what it is piped."""
    (tmp_path / "portfolio.csv").write_bytes(_table(house, {"alder-1": {}}))
    export, submit = page.lines("export KERBSIDE_API_KEY", "batch submit")

    site.typed(f"{export} && {submit}", tmp_path, KEY=token)


def test_the_doctor_finds_the_stack_well(site: Stack) -> None:
    """From inside of a container, where the public address leads nowhere."""
    wait_until(partial(_is_well, site), "a stack that is well", timeout_s=120)


def _is_well(site: Stack) -> bool:
    try:
        site.kerbside("doctor")
    except AssertionError:
        return False
    return True
