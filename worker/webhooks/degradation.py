"""Tells operators of models that realised sales say are worse than they were."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import redis

from model_store import logs
from model_store.aliases import Aliases
from model_store.archive.report import ACCURACY_STANDING, DEGRADATION_TOLD
from model_store.errors import ModelStoreError
from model_store.store import ModelStore
from worker.errors import frames_of
from worker.outage import words_of
from worker.settings import WorkerSettings
from worker.webhooks.announcements import Announcements
from worker.webhooks.event_types import DEGRADED

if TYPE_CHECKING:
    from model_store.archive.reports import Reports

_log = logs.logger(__name__)


def announce(
    client: redis.Redis,
    settings: WorkerSettings,
    *,
    now: Callable[[], float] = time.time,
) -> None:
    """Announce each alarm of the champion that it was not told with yet.

    An alarm is told once, as soon as a report has raised it; one that ended and is
    raised anew is another one. Of a version that has an alarm already it is told when
    it becomes champion. What fails is logged, and told by the next call.

    Args:
        client: Where deliveries are written down.
        settings: Where archive and models are.
        now: Seconds since the epoch.
    """
    # Only who has an archive pays for what reads it.
    from model_store.archive.archive import Archive  # noqa: PLC0415

    archive = Archive.of(settings)
    if archive is None:
        return
    try:
        aliases = ModelStore.from_settings(settings).aliases()
        announcements = Announcements(client, settings)
        _announce(announcements, archive.reports, aliases, round(now() * 1000))
    except ModelStoreError as error:
        _log.warning("degradation_not_told", error=str(error))
    except redis.RedisError as error:
        _log.warning("degradation_not_told", error=words_of(error))
    except Exception as error:  # noqa: BLE001 - the errand itself went well
        _log.error("degradation_not_told", frames=frames_of(error))
    finally:
        archive.close()


def _announce(
    announcements: Announcements, kept: "Reports", aliases: Aliases, now_ms: int
) -> None:
    report = kept.get(ACCURACY_STANDING)
    before = kept.get(DEGRADATION_TOLD)
    champion = str(aliases.champion)
    standing = report.body["versions"].get(champion, {}) if report else {}
    raised = {_name(alarm): alarm for alarm in standing.get("alarms", ())}
    told = {"champion": champion, "alarms": sorted(raised)}
    if before is not None and before.body == told:
        return
    is_same = before is not None and before.body["champion"] == champion
    known = before.body["alarms"] if before is not None and is_same else []
    for name, alarm in raised.items():
        if name not in known:
            data = {"version": champion, **_data(alarm, standing)}
            # A version that is champion once more is told of once more.
            key = f"{champion} {aliases.generation} {name}"
            announcements.announce(DEGRADED, data, key=key)
    kept.put(DEGRADATION_TOLD, told, made_ms=now_ms)


def _name(alarm: Mapping[str, Any]) -> str:
    """Return what tells an alarm from one before it, or of another measure."""
    return "{measure} {tolerance} {noticed_ms}".format_map(alarm)


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
