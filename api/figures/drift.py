"""How the houses that are priced were found to differ from the sales of their model."""

from collections.abc import Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.drift_states import DriftState, DriftStates


class DriftFigures(Collector):
    """The figures of each version that prices houses, as the upkeep saw them.

    Args:
        states: Knows what it found.
    """

    def __init__(self, states: DriftStates) -> None:
        self._states = states

    def describe(self) -> Iterator[Metric]:
        """Return nothing: names are known at the scrape."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Return the figures of the last look.

        Raises:
            redis.RedisError: Redis cannot be asked.
        """
        states = self._states.all()
        yield _of_versions(
            "kerbside_houses_out_of_distribution_ratio",
            "Share of a day's houses that are unlike the sales in some respect.",
            {version: state.flagged for version, state in states.items()},
        )
        yield _of_versions(
            "kerbside_drift_looked_at_timestamp_seconds",
            "When the upkeep last looked whether houses have changed.",
            {version: state.looked_at_ms / 1000 for version, state in states.items()},
        )
        yield from _of_features(states)


def _of_versions(name: str, about: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=["version"])
    for version, value in values.items():
        family.add_metric([version], value)
    return family


def _of_features(states: Mapping[str, DriftState]) -> Iterator[Metric]:
    families = {
        name: GaugeMetricFamily(name, about, labels=["version", "feature"])
        for name, about in (
            (
                "kerbside_feature_drift",
                "1 while a feature of the houses is found changed, else 0.",
            ),
            (
                "kerbside_feature_psi",
                "Population stability index of the newest houses; absent without bins.",
            ),
            (
                "kerbside_feature_psi_limit",
                "Index up to which that is chance, or does not matter.",
            ),
            (
                "kerbside_feature_missing_ratio",
                "Share of the newest houses that lack the feature.",
            ),
            (
                "kerbside_feature_unknown_ratio",
                "Share of the newest houses with a category that no sale has.",
            ),
        )
    }
    for version, state in states.items():
        for feature, one in state.features.items():
            values = (
                one.since_ms is not None,
                one.psi,
                one.psi_limit,
                one.missing,
                one.unknown,
            )
            for family, value in zip(families.values(), values, strict=True):
                if value is not None:
                    family.add_metric([version, feature], value)
    yield from families.values()
