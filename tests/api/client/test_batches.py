"""Laws of batches through the client."""

import io
import os
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, cast

import pytest

from api.client import CSV, ApiError, BatchNotFinished, Client, batches
from tests.api.client.script import BUSY, DROPPED, Reply, Request, Script

ROWS = b"bedrooms\n3\n"


def _batch(**changes: Any) -> dict[str, Any]:
    counts = {"total": 2, "completed": 0, "failed": 0}
    base = {"id": "bat_1", "status": "queued", "version": "v1", "rows_per_s": None}
    base["purpose"] = "predictions"
    base |= dict.fromkeys(["failed_because", "stored_at", "expires_at"])
    return {**base, "request_counts": counts, "estimated_end": None, **changes}


def _cutting(body: bytes, after: int) -> Callable[[Request], Reply]:
    """Answer with a body, or the rest of it, which breaks off again and again."""

    def answer(request: Request) -> Reply:
        wanted = request.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        part = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
        cut = after if start + after < len(body) else None
        return Reply(206 if wanted else 200, body[start:], part, cut_after=cut)

    return answer


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


def test_a_file_is_sent_from_where_it_stands(
    server: Script, client: Client, tmp_path: Path
) -> None:
    """With its length, and the same again where it is sent again."""
    server.replies = [BUSY, Reply(202, _batch())]
    rows = b"bedrooms\n" + b"3\n" * 300_000
    path = tmp_path / "houses.csv"
    path.write_bytes(b"-" + rows)

    with path.open("rb") as file:
        file.seek(1)
        client.batches.submit(file, CSV)

    assert [one.body == rows for one in server.requests] == [True, True]
    assert {one.headers["Content-Length"] for one in server.requests} == {
        str(len(rows))
    }


def test_what_cannot_be_sent_is_told_with_what_can(client: Client) -> None:
    """Before anything is sent: a text, a file of text, one that cannot seek."""
    read, write = os.pipe()
    os.close(write)

    with os.fdopen(read, "rb") as pipe:
        for rows in ("bedrooms\n3\n", io.StringIO("bedrooms"), None, pipe):
            with pytest.raises(TypeError, match="binary file that can seek"):
                client.batches.submit(cast(Any, rows), CSV)


def test_properties_are_sent_as_rows_of_a_batch_are(
    server: Script, client: Client
) -> None:
    """To where they are kept."""
    server.replies = [Reply(202, _batch())]

    seen = client.batches.submit_properties(ROWS, CSV, max_age=60)

    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v1/properties?max_age=60")
    assert (request.body, seen.id) == (ROWS, "bat_1")


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


def test_an_import_is_done_once_it_is_stored(server: Script, client: Client) -> None:
    """Who reads a price before that finds none; of prices alone nothing is stored."""
    counts = {"total": 2, "completed": 2, "failed": 0}
    ended = {"status": "completed", "request_counts": {**counts, "stored": 1}}
    stored_at = "2026-02-02T09:30:05.000Z"
    server.replies = [
        Reply(200, _batch(**ended)),
        Reply(200, _batch(**ended, stored_at=stored_at)),
        Reply(200, _batch(status="completed")),
        Reply(200, _batch()),
    ]

    seen = [client.batches.get("bat_1") for _ in range(4)]

    assert [one.has_ended for one in seen] == [True, True, True, False]
    assert [one.is_done for one in seen] == [False, True, True, False]
    assert [one.stored for one in seen] == [1, 1, None, None]
    assert seen[1].stored_at == stored_at


def test_a_list_goes_on_page_by_page(server: Script, client: Client) -> None:
    """A page is asked for when the one before is used up, of the same server."""
    link = "http://elsewhere.test/v1/batches?limit=100&cursor=c1"
    server.replies = [
        Reply(200, {"results": [_batch(id="bat_2")], "next": link}),
        Reply(200, {"results": [_batch(id="bat_1")], "next": None}),
    ]

    found = client.batches.list()

    assert next(found).id == "bat_2"
    assert len(server.requests) == 1
    assert [one.id for one in found] == ["bat_1"]
    assert [one.path for one in server.requests] == [
        "/v1/batches?limit=100",
        "/v1/batches?limit=100&cursor=c1",
    ]


def test_a_batch_is_waited_for_until_it_is_done(
    server: Script, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it ended; when the time is over it is told how far it was."""
    monkeypatch.setattr(batches, "_LOOK_S", 0)
    server.replies = [Reply(200, _batch()), Reply(200, _batch(status="failed"))]

    assert client.batches.wait("bat_1").status == "failed"

    server.replies = [Reply(200, _batch())]
    with pytest.raises(BatchNotFinished, match="queued: 0 of 2 rows") as told:
        client.batches.wait("bat_1", timeout_s=0)
    assert told.value.batch.id == "bat_1"


@pytest.mark.parametrize("cut_after", [6, 9, 13])
def test_results_that_break_off_are_gone_on_with(
    server: Script, client: Client, cut_after: int
) -> None:
    """The file holds all of them, once, and no byte came twice."""
    server.answer = _cutting(b"line 1\nline 2\n", cut_after)
    file = io.BytesIO()

    client.batches.results("bat_1", file, CSV)

    assert file.getvalue() == b"line 1\nline 2\n"
    first, *others = server.requests
    assert first.path == "/v1/batches/bat_1/results"
    assert first.headers["Accept"].startswith(CSV)
    starts = range(cut_after, 14, cut_after)
    assert [one.headers.get("Range") for one in [first, *others]] == [
        None,
        *(f"bytes={start}-" for start in starts),
    ]


def test_what_broke_off_behind_the_last_byte_is_whole(
    server: Script, client: Client
) -> None:
    """The server has no more: that is how it says so."""
    # As where of an answer in pieces only the last, empty one did not come.
    server.replies = [Reply(200, b"line 1\n+", cut_after=7)]
    server.replies += [Reply(416, {"title": "Range not there"})]
    file = io.BytesIO()

    client.batches.errors("bat_1", file)

    assert file.getvalue() == b"line 1\n"


def test_where_ranges_are_not_known_results_are_begun_anew(
    server: Script, client: Client
) -> None:
    """All of it is taken for what it is; other bytes than asked for are not taken."""
    other = Reply(206, b"1\n", {"Content-Range": "bytes 5-6/7"})
    server.replies = [Reply(200, b"line 1\n", cut_after=3), other]
    server.replies += [Reply(200, b"line 1\n")]
    file = io.BytesIO(b"what was there before")

    client.batches.results("bat_1", file)

    assert file.getvalue() == b"line 1\n"


def test_a_batch_is_deleted_once(server: Script, client: Client) -> None:
    """One that a lost answer told of is gone; one that never was is told."""
    server.replies = [DROPPED, Reply(404, {"title": "No such batch"})]

    client.batches.delete("bat_1")

    assert {one.method for one in server.requests} == {"DELETE"}
    server.replies = [Reply(404, {"title": "No such batch"})]
    with pytest.raises(ApiError, match="No such batch"):
        client.batches.delete("bat_1")


def test_an_error_is_no_result(server: Script, client: Client) -> None:
    """Nothing of it comes into the file."""
    server.replies = [Reply(404, {"title": "No such batch", "detail": "no"})]
    file = io.BytesIO()

    with pytest.raises(ApiError, match="No such batch"):
        client.batches.errors("bat_1", file)

    assert file.getvalue() == b""


class _Cut(HTTPConnection):
    """Ends as where a server refuses a body before it has come."""

    def send(self, data: Any) -> None:
        """Send it, and tell that nobody reads on."""
        super().send(data)
        raise BrokenPipeError


def test_a_refusal_that_comes_before_all_was_sent_is_read(
    server: Script, client: Client
) -> None:
    """Who sends too much is told so, and does not send it again and again."""
    server.replies = [Reply(413, {"title": "Body too large"})]
    client.connect = lambda: _Cut("127.0.0.1", server.server_port)

    with pytest.raises(ApiError, match="Body too large"):
        client.batches.get("bat_1")
