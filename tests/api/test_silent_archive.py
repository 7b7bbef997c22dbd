"""A database that stands still holds up nobody who asks the API."""

import threading
from collections.abc import Iterator

import pytest

from api.settings import ApiSettings
from model_store.archive import postgres
from model_store.archive.archive import Archive
from tests.api.conftest import Client, Headers, assert_problem
from tests.api.figures.conftest import figures
from tests.postgres import PostgresServer
from worker import archived

#: Whatever reads the archive, and what its caller may.
ROUTES = {
    "/v1/predictions": "read",
    "/v1/predictions?status=failed": "read",
    "/v1/outcomes": "read",
    "/v1/properties": "read",
    "/v1/monitoring/accuracy": "operate",
}


@pytest.fixture
def api_settings(
    api_settings: ApiSettings,
    postgres_archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[ApiSettings]:
    """Return settings of an API with an archive in PostgreSQL."""
    monkeypatch.setattr(postgres, "GRACE_S", 0.1)
    monkeypatch.setattr(postgres, "CONNECT_S", 2)
    changes = {"archive_url": postgres_archive.database.place, "archive_timeout_s": 1}
    settings = api_settings.model_copy(update=changes)
    yield settings
    # What a scrape did not wait for has a connection in hand.
    for reading in threading.enumerate():
        if reading.name == "last-report":
            reading.join()
    # The API keeps it for its process, which here goes on.
    shared = archived.shared(settings)
    assert shared is not None
    shared.close()


def test_who_needs_a_server_that_stands_still_is_put_off(
    client: Client,
    caller: Headers,
    operator: Headers,
    postgres_server: PostgresServer,
) -> None:
    """With 503 and when to ask again; Prometheus is told all the rest."""
    callers = {"read": caller, "operate": operator}
    for path, scope in ROUTES.items():
        assert client.get(path, headers=callers[scope]).status_code == 200

    with postgres_server.frozen():
        scraped = client.get("/metrics", headers=operator)
        assert "kerbside_jobs_waiting" in figures(scraped.text)
        for path, scope in ROUTES.items():
            answer = client.get(path, headers=callers[scope])
            assert_problem(answer, 503, "archive-unavailable")
            assert int(answer.headers["Retry-After"]) > 0


def test_a_question_that_takes_too_long_is_told_so_and_no_other_suffers(
    client: Client, caller: Headers, operator: Headers, postgres_archive: Archive
) -> None:
    """Here one that waits for somebody's lock."""
    with postgres_archive.database.writing() as connection:
        connection.exec_driver_sql("LOCK TABLE outcomes IN ACCESS EXCLUSIVE MODE")

        answer = client.get("/v1/outcomes", headers=caller)

        assert_problem(answer, 503, "archive-too-slow")
        assert int(answer.headers["Retry-After"]) > 0
        found = client.get("/v1/monitoring/accuracy", headers=operator)
        assert found.status_code == 200
