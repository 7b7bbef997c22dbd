"""Looks whether the houses that are priced have changed, and tells operators so."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import redis

from model_store import logs
from model_store.count_layout import CountLayout
from model_store.errors import ModelStoreError
from model_store.store import ModelStore
from worker.drift import DriftReport, Finding
from worker.drift_states import DriftState, DriftStates, FeatureState
from worker.jobs import rfc3339
from worker.seen import Seen, SeenHouses, Window
from worker.settings import WorkerSettings
from worker.webhooks.announcements import Announcements
from worker.webhooks.event_types import DRIFT

#: What raises an alarm: the newest houses, where a gross error shows at once, and those
#: of a day, among which that of one client does. Longer windows would keep alarms for
#: as long as they are.
_WATCHED: tuple[Window, ...] = ("recent", "1d")

_log = logs.logger(__name__)


class DriftWatch:
    """Compares what was counted with the cards; to be called each minute or so.

    A feature that has changed is an episode, which lasts until no window that is
    watched shows it; each is announced once.

    Args:
        client: Where the counts and states are.
        settings: Those of the ledger.
        store: Where the cards are.
        clock: Seconds since the epoch; None for Redis's own.
    """

    def __init__(
        self,
        client: redis.Redis,
        settings: WorkerSettings,
        store: ModelStore,
        *,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._store = store
        self._seen = SeenHouses(client, settings, clock=clock)
        self._states = DriftStates(client)
        self._announcements = Announcements(client, settings)
        self._layouts: dict[str, CountLayout] = {}

    def look(self) -> None:
        """Look at each version that prices houses.

        Raises:
            redis.RedisError: Redis cannot be reached, or takes no writes.
        """
        versions = self._seen.versions()
        for version in versions:
            layout = self._layout(version)
            if layout is not None:
                self._look_at(version, layout)
        self._states.forget_all_but(versions)

    def _layout(self, version: str) -> CountLayout | None:
        """Return where a version's counts stand; None where its card cannot be had."""
        if version not in self._layouts:
            try:
                card = self._store.card(version)
            except ModelStoreError as error:
                _log.warning("drift_not_watched", version=version, reason=str(error))
                return None
            self._layouts[version] = CountLayout(card)
        return self._layouts[version]

    def _look_at(self, version: str, layout: CountLayout) -> None:
        windows = [self._seen.window(version, window) for window in _WATCHED]
        reports = [DriftReport(layout, seen) for seen in windows]
        before = self._states.of(version)
        since = before.since_ms if before else {}
        looked_at_ms = windows[0].until * 1000
        found = _findings(windows, reports)
        episodes = {name: since.get(name, looked_at_ms) for name in found}
        # First what is so, then the news of it: what is told twice is sent once.
        self._states.put(version, _state(looked_at_ms, reports, episodes))
        for name, since_ms in episodes.items():
            if name not in since:
                _log.warning("drift_detected", version=version, feature=name)
            event = _event(version, *found[name])
            self._announcements.announce(
                DRIFT, event, key=f"{version} {name} {since_ms}"
            )


def _findings(
    windows: Sequence[Seen], reports: Sequence[DriftReport]
) -> dict[str, tuple[Seen, Sequence[Finding]]]:
    """Return for each feature that has changed what the first window shows of it."""
    found: dict[str, tuple[Seen, Sequence[Finding]]] = {}
    for seen, report in zip(windows, reports, strict=True):
        for feature in report.features:
            findings = list(feature.findings())
            if findings:
                found.setdefault(feature.name, (seen, findings))
    return found


def _state(
    looked_at_ms: int, reports: Sequence[DriftReport], episodes: Mapping[str, int]
) -> DriftState:
    newest, of_a_day = reports[0], reports[-1]
    return DriftState(
        looked_at_ms=looked_at_ms,
        houses=of_a_day.houses,
        flagged=of_a_day.flagged,
        features={
            one.name: FeatureState(
                since_ms=episodes.get(one.name),
                psi=one.values.psi,
                psi_limit=one.values.psi_limit,
                missing=one.missing / max(1, one.houses),
                unknown=one.unknown / max(1, one.houses),
            )
            for one in newest.features
        },
    )


def _event(version: str, seen: Seen, findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "version": version,
        "houses": seen.houses,
        "since": rfc3339(seen.buckets[0].begin * 1000),
        "findings": [
            {
                "feature": one.feature,
                "measure": one.measure,
                "value": round(one.value, 4),
                "threshold": round(one.threshold, 4),
            }
            for one in findings
        ],
    }
