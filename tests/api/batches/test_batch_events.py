"""How far a batch is, told while its client listens."""

import json
from typing import Any

from tests.api.batches.bodies import PATH, House, Post, Work, lines, rows
from tests.api.conftest import Client, Headers, assert_problem


def events_of(answer: Any) -> list[tuple[str, str, Any]]:
    """Return id, name and data of each event of a stream."""
    assert answer.status_code == 200, answer.data
    assert answer.content_type == "text/event-stream"
    found = []
    for block in answer.data.decode().split("\n\n"):
        told = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "data" in told:
            found.append((told["id"], told["event"], json.loads(told["data"])))
    return found


def test_a_batch_can_be_followed(
    client: Client, caller: Headers, post: Post, work: Work, house: House
) -> None:
    """Each chunk is an event, and so is the end, after which the stream is over."""
    batch = post(lines(*rows(house, 5))).json
    url = f"{PATH}/{batch['id']}/events"
    stream = client.get(url, headers=caller, buffered=False).iter_encoded()
    assert next(stream) == b"retry: 2000\n\n"
    assert b"event: progress" in next(stream)
    work(1)
    while not (told := next(stream)).startswith(b"id: 2-in_progress\n"):
        assert told == b":\n\n"
    work()
    rest = [told for told in stream if told != b":\n\n"]

    assert rest[-1].startswith(b"id: 5-completed\nevent: completed\ndata: {")


def test_a_stream_goes_on_where_its_client_left_it(
    client: Client, caller: Headers, post: Post, work: Work, house: House
) -> None:
    """What it has seen is not told again; the end is told to whoever comes late."""
    batch = post(lines(*rows(house, 1))).json
    work()
    url = f"{PATH}/{batch['id']}/events"

    ((last, name, data),) = events_of(client.get(url, headers=caller))
    again = client.get(url, headers={**caller, "Last-Event-ID": last})

    assert (name, data["status"]) == ("completed", "completed")
    assert (again.status_code, again.data) == (204, b"")


def test_who_finds_no_place_to_wait_is_told_how_it_is(
    client: Client, caller: Headers, post: Post, shared: Any, house: House
) -> None:
    """And comes again: a stream holds a thread."""
    batch = post(lines(*rows(house, 1))).json
    slots = shared.waiting._slots  # noqa: SLF001 - all are taken
    taken = 0
    while slots.acquire(blocking=False):
        taken += 1

    found = events_of(client.get(f"{PATH}/{batch['id']}/events", headers=caller))

    assert [name for _, name, _ in found] == ["progress"]
    slots.release(taken)


def test_a_stream_of_nothing_is_an_error(client: Client, caller: Headers) -> None:
    """As of any other address of a batch."""
    answer = client.get(f"{PATH}/bat_{'0' * 32}/events", headers=caller)

    assert_problem(answer, 404, "unknown-batch")
