"""Tells operators of models that realised sales say are worse than they were."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import redis

from model_store import logs
from model_store.errors import ModelStoreError
from model_store.store import ModelStore
from worker.errors import frames_of
from worker.outage import words_of
from worker.settings import WorkerSettings
from worker.webhooks.announcements import Announcements
from worker.webhooks.event_types import DEGRADED

#: An alarm that was noticed longer ago has been told, or nobody is to be told any more.
_NEWS_MS = 24 * 3600 * 1000

_log = logs.logger(__name__)


def announce(
    client: redis.Redis,
    settings: WorkerSettings,
    *,
    now: Callable[[], float] = time.time,
) -> None:
    """Announce each alarm of the champion that the last report on accuracy raised.

    The same alarm is told once, however often this is called; what fails is logged,
    and told by the next call.

    Args:
        client: Where deliveries are written down.
        settings: Where archive and models are.
        now: Seconds since the epoch.
    """
    # Only who has an archive pays for what reads it.
    from model_store.archive import reports  # noqa: PLC0415
    from model_store.archive.archive import Archive  # noqa: PLC0415

    archive = Archive.of(settings)
    if archive is None:
        return
    try:
        report = archive.reports.get(reports.ACCURACY_STANDING)
        champion = ModelStore.from_settings(settings).aliases().champion
        told = report.body["versions"].get(champion, {}) if report else {}
        _announce(Announcements(client, settings), str(champion), told, now())
    except ModelStoreError as error:
        _log.warning("degradation_not_told", error=str(error))
    except redis.RedisError as error:
        _log.warning("degradation_not_told", error=words_of(error))
    except Exception as error:  # noqa: BLE001 - the errand itself went well
        _log.error("degradation_not_told", frames=frames_of(error))
    finally:
        archive.close()


def _announce(
    announcements: Announcements, version: str, told: Mapping[str, Any], now_s: float
) -> None:
    for alarm in told.get("alarms", ()):
        if now_s * 1000 - alarm["noticed_ms"] < _NEWS_MS:
            data = {"version": version, **_data(alarm, told)}
            key = f"{version} {alarm['measure']} {alarm['noticed_ms']}"
            announcements.announce(DEGRADED, data, key=key)


def _data(alarm: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the event says; shares where the report has percent."""
    expected = {
        "bias": 0.0,
        "mdape": told["expected_mdape"],
        "coverage": told["level"],
    }
    return {
        "measure": alarm["measure"],
        "value": round(alarm["value"] / 100, 4),
        "expected": round(expected[alarm["measure"]] / 100, 4),
        "outcomes": alarm["outcomes"],
        "since": alarm["began_about"],
    }
