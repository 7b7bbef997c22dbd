"""Fixtures of the tests of batches."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.settings import ApiSettings
from model_store.store import ModelStore
from tests.api.batches.bodies import NDJSON, PATH, Post, Work
from tests.api.conftest import Client, Headers
from worker import predictors
from worker.batch_files import BatchFiles
from worker.chunks import Chunks
from worker.keys import BATCHES
from worker.ledger import Ledger


@pytest.fixture
def api_settings(api_settings: ApiSettings, tmp_path: Path) -> ApiSettings:
    """Return settings of an API that takes batches, in chunks of two."""
    limits = {"batch_rows": 6, "batch_bytes": 8192, "batch_chunk_rows": 2}
    folder = {"batches_url": str(tmp_path / "batches")}
    return api_settings.model_copy(update=limits | folder)


@pytest.fixture
def post(client: Client, caller: Headers) -> Post:
    """Return a function that submits a batch."""

    def post(
        body: bytes | str, form: str = NDJSON, query: str = "", **more: str
    ) -> TestResponse:
        headers = {**caller, **{name.replace("_", "-"): v for name, v in more.items()}}
        answer: TestResponse = client.post(
            PATH + query, data=body, headers=headers, content_type=form
        )
        return answer

    return post


@pytest.fixture
def get(client: Client, caller: Headers) -> Callable[..., Any]:
    """Return a function that reads something of a batch."""

    def get(batch: Any, what: str = "", accept: str = "*/*") -> Any:
        url = f"{PATH}/{batch['id']}{what}"
        return client.get(url, headers={**caller, "Accept": accept})

    return get


@pytest.fixture
def work(book: Ledger, store: ModelStore, api_settings: ApiSettings) -> Work:
    """Return a function that prices chunks as a worker does; it tells how many."""
    files = BatchFiles(str(api_settings.batches_url))
    chunks = Chunks(files, store, predictors.load)

    def work(most: int = 100) -> int:
        for done in range(most):
            claim = book.claim(BATCHES, limit=1, worker="w")
            if not claim.leases:
                return done
            (lease,) = claim.leases
            book.complete(BATCHES, [chunks.price(lease, beat=lambda: None)])
        return most

    return work
