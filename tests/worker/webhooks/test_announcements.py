"""The laws of what the installation tells its operators of itself."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import redis as redis_py

from tests.worker.webhooks.site import Site
from worker import redis_acl
from worker.supervision.embedded import EmbeddedRedis
from worker.webhooks.announcements import Announcements
from worker.webhooks.event_types import ANNOUNCED, PROMOTED

Announce = Callable[..., list[str]]
DATA: dict[str, Any] = {"version": "20150527-0000abcd"}


@pytest.fixture
def announce(site: Site) -> Announce:
    """Return a function that announces as a worker does, at a time of its own."""
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    return Announcements(site.redis, site.settings, now=lambda: at).announce


@pytest.mark.parametrize("type_", ANNOUNCED)
def test_operators_who_ask_are_told(site: Site, announce: Announce, type_: str) -> None:
    """One delivery to each endpoint of their tenant that takes the type."""
    asked = [
        site.endpoint(one, tenant="operator")
        for one in ("*", f"{type_.partition('.')[0]}.*", type_)
    ]
    site.endpoint("prediction.*", tenant="operator")
    site.endpoint("*", tenant="acme")

    posted = announce(type_, DATA, key="1")

    records = site.deliveries.load(site.take())
    told = {record[b"endpoint"].decode() for record in records}
    assert told == {endpoint.id for endpoint in asked}
    assert len(posted) == len(asked)
    assert orjson.loads(records[0][b"body"]) == {
        "type": type_,
        "timestamp": "2026-01-31T12:00:00.000Z",
        "data": DATA,
    }


def test_an_event_is_announced_once(site: Site, announce: Announce) -> None:
    """Even where who takes it was registered in between; another key is another."""
    site.endpoint("*", tenant="operator")
    assert len(announce(PROMOTED, DATA, key="1")) == 1
    site.endpoint("*", tenant="operator")

    assert announce(PROMOTED, DATA, key="1") == []
    assert len(announce(PROMOTED, DATA, key="2")) == 2


def test_an_announcement_is_durable(site: Site, announce: Announce) -> None:
    """It lies in the log of its endpoint, and can be sent again."""
    endpoint = site.endpoint("*", tenant="operator")
    (posted,) = announce(PROMOTED, DATA, key="1")
    site.end_next()

    (logged,) = site.log(endpoint.id)

    assert (logged.id, logged.state) == (posted, "succeeded")
    again = site.deliveries.redeliver("operator", posted)
    assert again.event == logged.event


def test_a_worker_may_announce(site: Site, redis_server: EmbeddedRedis) -> None:
    """With no more than the rights that it has in Redis."""
    site.endpoint("*", tenant="operator")
    client = redis_py.Redis.from_url(redis_server.url_of(redis_acl.WORKER))
    with client:
        posted = Announcements(client, site.settings).announce(PROMOTED, DATA, key="1")

    assert len(posted) == 1
