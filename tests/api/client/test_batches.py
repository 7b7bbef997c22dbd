"""Laws of batches through the client."""

import io
from typing import Any

import pytest

from api.client import CSV, ApiError, Client
from tests.api.client.script import BUSY, Reply, Script

ROWS = b"bedrooms\n3\n"


def _batch(**changes: Any) -> dict[str, Any]:
    counts = {"total": 2, "completed": 0, "failed": 0}
    base = {"id": "bat_1", "status": "queued", "version": "v1", "rows_per_s": None}
    return {**base, "request_counts": counts, "estimated_end": None, **changes}


def test_rows_are_sent_as_they_are(server: Script, client: Client) -> None:
    """With their type; what is said beside them stands in the query."""
    server.replies = [BUSY, Reply(202, _batch())]

    seen = client.batches.submit(
        ROWS, CSV, metadata={"a": "b c"}, deadline=60, error_threshold=5
    )

    first, second = server.requests
    assert first.path == (
        "/v1/batches?metadata=%7B%22a%22%3A+%22b+c%22%7D&deadline=60&error_threshold=5"
    )
    assert (first.body, first.headers["Content-Type"]) == (ROWS, CSV)
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert (seen.id, seen.total, seen.has_ended) == ("bat_1", 2, False)


def test_a_batch_is_followed_and_canceled(server: Script, client: Client) -> None:
    """By it or by its id."""
    server.replies = [
        Reply(200, _batch(status="in_progress", rows_per_s=2.5)),
        Reply(200, _batch(status="canceled")),
    ]

    seen = client.batches.get("bat_1")
    ended = client.batches.cancel(seen)

    assert [(one.method, one.path) for one in server.requests] == [
        ("GET", "/v1/batches/bat_1"),
        ("POST", "/v1/batches/bat_1/cancel"),
    ]
    assert (seen.rows_per_s, ended.has_ended) == (2.5, True)


def test_results_that_break_off_are_begun_anew(server: Script, client: Client) -> None:
    """The file holds all of them, once."""
    server.replies = [Reply(200, b"line 1\nline 2\n", cut_after=9)]
    server.replies += [Reply(200, b"line 1\nline 2\n")]
    file = io.BytesIO()

    client.batches.results("bat_1", file, CSV)

    assert file.getvalue() == b"line 1\nline 2\n"
    assert server.requests[0].path == "/v1/batches/bat_1/results"
    assert server.requests[0].headers["Accept"].startswith(CSV)


def test_an_error_is_no_result(server: Script, client: Client) -> None:
    """Nothing of it comes into the file."""
    server.replies = [Reply(404, {"title": "No such batch", "detail": "no"})]
    file = io.BytesIO()

    with pytest.raises(ApiError, match="No such batch"):
        client.batches.errors("bat_1", file)

    assert file.getvalue() == b""
