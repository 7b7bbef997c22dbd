"""Fixtures of the tests of outcomes."""

import json
from typing import Any

import pytest

from api.settings import ApiSettings
from model_store.archive.archive import Archive
from tests.api.conftest import Answer, Client, Headers
from tests.model_store.archive.rows import prediction


@pytest.fixture
def api_settings(api_settings: ApiSettings, archive: Archive) -> ApiSettings:
    """Return settings of an API with an archive, which holds one prediction."""
    archive.predictions.upsert([prediction()])
    return api_settings.model_copy(update={"archive_url": archive.database.place})


@pytest.fixture
def tell(client: Client, caller: Headers) -> Any:
    """Return a function that tells of sales."""

    def tell(body: Any, *, key: Headers = caller, form: str = "") -> Answer:
        text = body if form else json.dumps(body)
        kind = form or "application/json"
        return client.post("/v1/outcomes", data=text, content_type=kind, headers=key)

    return tell
