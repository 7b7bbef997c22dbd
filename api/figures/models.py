"""Which models there are, how old the champion is, and what workers refuse."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from datetime import time as midnight

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from api.catalog import Catalog
from model_store.aliases import ALIAS_NAMES
from model_store.card import ModelCard
from model_store.errors import ModelStoreError
from worker.versions import Versions


class ModelFigures(Collector):
    """The figures of models.

    Args:
        catalog: Knows the model versions; what it cannot read is left out.
        versions: Knows what workers found of them.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        catalog: Catalog,
        versions: Versions,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._catalog = catalog
        self._versions = versions
        self._now = now

    def describe(self) -> Iterator[Metric]:
        """Return nothing: names are known at the scrape."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Return the figures of this moment.

        Raises:
            redis.RedisError: Redis cannot be asked.
        """
        yield self._refusals()
        named = self._named()
        yield _info(named)
        if champion := named.get("champion"):
            yield from self._ages(champion)

    def _refusals(self) -> Metric:
        family = CounterMetricFamily(
            "kerbside_model_refusals",
            "Loads of a model version that workers refused since one last loaded it; "
            "absent when none has refused it for two minutes.",
            labels=["version"],
        )
        findings = self._versions.findings()
        for version, refusal in sorted(findings.refused.items()):
            if findings.refuses(version):
                family.add_metric([version], refusal.count)
        return family

    def _named(self) -> dict[str, ModelCard]:
        """Return the card that each alias means, as far as they can be read."""
        found = {}
        for alias in ALIAS_NAMES:
            try:
                if getattr(self._catalog.aliases(), alias):
                    found[alias] = self._catalog.card(alias)
            # The figures of Redis are worth telling all the same.
            except ModelStoreError:
                continue
        return found

    def _ages(self, champion: ModelCard) -> Iterator[Metric]:
        data_end = datetime.combine(champion.as_of, midnight(), UTC)
        for name, since, told in (
            ("kerbside_model_age_seconds", champion.trained_at, " was trained"),
            ("kerbside_model_data_age_seconds", data_end, "'s data end"),
        ):
            family = GaugeMetricFamily(name, f"Seconds since the champion{told}.")
            family.add_metric([], self._now() - since.timestamp())
            yield family


def _info(named: dict[str, ModelCard]) -> Metric:
    family = InfoMetricFamily(
        "kerbside_model", "The model version that each alias means."
    )
    for alias, card in named.items():
        labels = {"name": card.name, "version": card.version, "alias": alias}
        family.add_metric([], labels)
    return family
