"""Operators are told, once, of a champion that sales say is worse than it was."""

from typing import Any

import orjson
import pytest

from api.schemas import DegradationEvent
from model_store.archive.archive import Archive
from model_store.archive.report import ACCURACY_STANDING
from model_store.store import ModelStore
from tests.worker.webhooks.site import Site
from worker.settings import WorkerSettings
from worker.webhooks import degradation
from worker.webhooks.event_types import DEGRADED

NOTICED_MS = 1_000_000_000
ALARM = {
    "measure": "bias",
    "tolerance": -3.0,
    "value": -5.12,
    "outcomes": 412,
    "began_about": "2026-01-04",
    "noticed_ms": NOTICED_MS,
}
DAY_S = 24 * 3600


@pytest.fixture
def settings(
    settings: WorkerSettings, store: ModelStore, archive: Archive
) -> WorkerSettings:
    """Return settings with the store and an archive."""
    changes = {
        "store_url": store.url,
        "trusted_keys": store.trust.keys,
        "archive_url": archive.database.place,
    }
    return settings.model_copy(update=changes)


@pytest.fixture
def keep(archive: Archive, store: ModelStore) -> Any:
    """Return a function that keeps a report with alarms of a version."""

    def keep(*alarms: Any, version: str = store.resolve("champion")) -> None:
        told = {"expected_mdape": 7.52, "level": 90.0, "alarms": alarms}
        body = {"newest_sale": "2026-02-27", "versions": {version: told}}
        archive.reports.put(ACCURACY_STANDING, body, made_ms=NOTICED_MS)

    return keep


def announce(site: Site, settings: WorkerSettings, *, after_s: float = 60) -> list[Any]:
    """Announce, and return the bodies of what was posted."""
    now_s = NOTICED_MS / 1000 + after_s
    degradation.announce(site.redis, settings, now=lambda: now_s)
    records = site.deliveries.load(site.take())
    return [orjson.loads(record[b"body"]) for record in records]


@pytest.mark.parametrize(
    ("measure", "value", "expected"),
    [("bias", -0.0512, 0), ("mdape", 0.0988, 0.0752), ("coverage", 0.81, 0.9)],
)
def test_an_alarm_of_the_champion_is_told_once(
    site: Site,
    settings: WorkerSettings,
    store: ModelStore,
    keep: Any,
    measure: str,
    value: float,
    expected: float,
) -> None:
    """In shares, beside what the card says."""
    site.endpoint(DEGRADED, tenant="operator")
    keep(ALARM | {"measure": measure, "value": 100 * value})

    (event,) = announce(site, settings)
    assert announce(site, settings) == []

    told = DegradationEvent.model_validate_json(orjson.dumps(event))
    assert told.data.version == store.resolve("champion")
    assert told.data.measure == measure
    assert (told.data.value, told.data.expected) == (value, expected)
    assert str(told.data.since) == "2026-01-04"


def test_what_is_not_champion_is_no_news(
    site: Site, settings: WorkerSettings, keep: Any
) -> None:
    """It prices nothing by itself."""
    site.endpoint(DEGRADED, tenant="operator")

    keep(ALARM, version="other")

    assert announce(site, settings) == []


def test_an_alarm_that_ended_and_is_raised_anew_is_told_anew(
    site: Site, settings: WorkerSettings, keep: Any
) -> None:
    """However late, and not while it lasts."""
    endpoint = site.endpoint(DEGRADED, tenant="operator")
    told = []
    for alarms in (
        [ALARM],
        [ALARM | {"value": -6.0, "outcomes": 500}],
        [],
        [ALARM | {"noticed_ms": NOTICED_MS + 1}],
        [ALARM | {"noticed_ms": NOTICED_MS + 1}, ALARM | {"measure": "coverage"}],
    ):
        keep(*alarms)
        announce(site, settings, after_s=9 * DAY_S)
        told.append(len(site.log(endpoint.id)))

    assert told == [1, 1, 1, 2, 3]


def test_a_version_that_becomes_champion_while_it_is_worse_is_told_of(
    site: Site, settings: WorkerSettings, own_store: ModelStore, keep: Any
) -> None:
    """Each time that it does, for an alarm of whatever age."""
    endpoint = site.endpoint(DEGRADED, tenant="operator")
    changes = {"store_url": own_store.url, "trusted_keys": own_store.trust.keys}
    here = settings.model_copy(update=changes)
    worse = own_store.resolve("champion")
    (other,) = set(own_store.versions()) - {worse}
    keep(ALARM)

    told = []
    for champion in (worse, other, worse):
        own_store.promote(champion)
        announce(site, here, after_s=9 * DAY_S)
        told.append(len(site.log(endpoint.id)))

    assert told == [1, 1, 2]


def test_what_cannot_be_told_now_is_told_by_the_next_call(
    site: Site, settings: WorkerSettings, keep: Any
) -> None:
    """And stops nothing meanwhile."""
    site.endpoint(DEGRADED, tenant="operator")
    keep(ALARM)
    away = settings.model_copy(update={"archive_url": "sqlite:////nowhere/a.db"})

    assert announce(site, away) == []
    assert len(announce(site, settings)) == 1


def test_without_report_or_archive_there_is_nothing_to_tell(
    site: Site, settings: WorkerSettings
) -> None:
    """As on the first day."""
    none = settings.model_copy(update={"archive_url": None})

    assert announce(site, none) == announce(site, settings) == []
