"""What is told of batches as a whole."""

from pathlib import Path

import pytest
import redis as redis_py

from model_store.store import ModelStore
from tests.api.figures.conftest import Scrape
from tests.api.figures.test_lanes import of
from tests.worker.batch_desk import Desk
from worker.batch import ENDED


@pytest.fixture
def desk(redis: redis_py.Redis, store: ModelStore, tmp_path: Path) -> Desk:
    """Return a desk that takes batches."""
    return Desk(redis, store, tmp_path / "batches")


def test_before_there_is_any_all_is_told_as_nothing(scrape: Scrape) -> None:
    """So that a first one shows as one more."""
    told = scrape()

    ended = told["kerbside_batches_ended_total"]
    assert {labels["status"] for labels, _ in ended} == ENDED
    assert {value for _, value in ended} == {0}
    assert of(told, "kerbside_batches_open") == 0
    assert of(told, "kerbside_batch_requests_out_of_reach_total") == 0
    assert of(told, "kerbside_batch_chunks_lost_total") == 0
    assert of(told, "kerbside_batches_unstored") == 0


def test_an_import_is_unstored_until_all_of_it_is_kept(
    scrape: Scrape, desk: Desk
) -> None:
    """Whose prices are for their client alone never is."""
    rows = [{"custom_id": "a", "input": desk.house()}]
    desk.submit(rows)
    desk.submit(rows, purpose="properties")

    assert of(scrape(), "kerbside_batches_unstored") == 1


def test_a_batch_is_open_until_its_last_chunk_has_ended(
    scrape: Scrape, desk: Desk
) -> None:
    """Then it counts by how it ended, also where it is forgotten while it runs."""
    house = {"input": desk.house()}
    canceled, deleted, _ = (desk.submit([house] * 5) for _ in range(3))
    desk.batches.cancel("acme", canceled)
    desk.batches.cancel("acme", canceled)
    desk.batches.delete("acme", deleted)

    told = scrape()

    assert of(told, "kerbside_batches_submitted_total") == 3
    assert of(told, "kerbside_batch_rows_submitted_total") == 15
    assert of(told, "kerbside_batches_ended_total", status="canceled") == 2
    assert of(told, "kerbside_batches_open") == 1
