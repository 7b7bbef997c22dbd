"""The laws of noting that a key was used."""

from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Event

import pytest
import redis

from api import key_use
from api.key_use import KeyUse
from tests.api.conftest import Client, Headers
from tests.clock import Clock
from tests.patience import wait_until
from worker.credentials import split_token
from worker.key_uses import KeyUses

Uses = Mapping[str, datetime]


def at_once(writing: Callable[[], None]) -> None:
    """Write before the request goes on."""
    writing()


def test_a_key_is_noted_once_a_minute(clock: Clock) -> None:
    """However often it is used; another key has a minute of its own."""
    written: list[Uses] = []
    uses = KeyUse(written.append, run=at_once, clock=clock, now=clock.now)

    first = clock.now()
    for _ in range(3):
        uses.note("a")
    uses.note("b")
    clock.seconds += 59
    uses.note("a")
    assert written == [{"a": first}, {"b": first}]

    clock.seconds += 1
    uses.note("a")
    assert written[2:] == [{"a": clock.now()}]


def test_no_request_waits_for_the_writing(clock: Clock) -> None:
    """Redis may hang: what is noted meanwhile is written together afterwards."""
    written: list[Uses] = []
    asked, answered = Event(), Event()

    def keep(uses: Uses) -> None:
        asked.set()
        answered.wait(10)
        written.append(uses)

    uses = KeyUse(keep, clock=clock, now=clock.now)
    uses.note("a")
    asked.wait(10)
    for key_id in "bcd":
        uses.note(key_id)
    assert written == []

    answered.set()
    wait_until(lambda: len(written) == 2)
    assert [set(one) for one in written] == [{"a"}, {"b", "c", "d"}]


def test_an_outage_loses_a_use_and_nothing_else(clock: Clock) -> None:
    """The next minute's is written again."""
    written: list[Uses] = []

    def keep(uses: Uses) -> None:
        if not written:
            written.append({})
            raise redis.ConnectionError
        written.append(uses)

    uses = KeyUse(keep, run=at_once, clock=clock, now=clock.now)
    uses.note("a")
    clock.seconds += 60
    uses.note("a")

    assert written == [{}, {"a": clock.now()}]


def test_what_a_process_remembers_is_bounded(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the number of keys; a key forgotten is noted once more."""
    monkeypatch.setattr(key_use, "_REMEMBERED", 2)
    written: list[Uses] = []
    uses = KeyUse(written.append, run=at_once, clock=clock, now=clock.now)

    for key_id in "abca":
        uses.note(key_id)

    assert [set(one) for one in written] == [{"a"}, {"b"}, {"c"}, {"a"}]


def test_a_request_is_a_use_of_its_key(
    client: Client, caller: Headers, redis: redis.Redis
) -> None:
    """Whichever route it takes."""
    parts = split_token(caller["Authorization"].removeprefix("Bearer "))
    assert parts
    uses = KeyUses(redis)
    assert uses.of([parts[0]]) == {}

    client.get("/v1/models", headers=caller)

    wait_until(lambda: uses.of([parts[0]]))
