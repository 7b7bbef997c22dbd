"""How the houses that a model prices differ from the sales that it was trained on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from model_store import stability
from model_store.card import ModelCard
from model_store.count_layout import (
    FLAGGED,
    HOUSES,
    OF_HOUSES,
    CountLayout,
    FeaturePlaces,
    Places,
)
from worker.drift_states import DriftStates
from worker.jobs import rfc3339
from worker.seen import Seen, SeenHouses, Window

Verdict = Literal["drift", "stable", "unknown"]

#: Digits of shares and measures in an answer.
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """A measure of a feature that has passed its limit."""

    feature: str
    measure: Literal["psi", "ks", "missing", "unknown"]
    value: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """How values are spread over their bins, beside what was expected.

    Attributes:
        places: Their bins.
        counts: Houses in each bin.
        sales: How many sales the expected shares rest on; 0 where nobody knows.
    """

    places: Places
    counts: Sequence[int]
    sales: int

    @property
    def houses(self) -> int:
        """How many houses have a value."""
        return sum(self.counts)

    @property
    def psi(self) -> float | None:
        """Their population stability index; None where nothing is expected."""
        expected = self.places.expected
        return stability.psi(expected, self.counts) if expected else None

    @property
    def psi_limit(self) -> float | None:
        """The index up to which that is chance, or does not matter."""
        if not self.places.expected:
            return None
        return stability.psi_limit(self.places.bins, self.houses, self.sales)

    @property
    def ks(self) -> float | None:
        """The widest gap between shares; None also where bins have no order."""
        if not self.places.expected or self.places.categories is not None:
            return None
        return stability.ks(self.places.expected, self.counts)

    @property
    def ks_limit(self) -> float | None:
        """The gap up to which that is chance, or does not matter."""
        if self.ks is None:
            return None
        return stability.ks_limit(self.houses, self.sales)

    def public(self) -> dict[str, Any]:
        """Return the comparison as clients see it."""
        return {
            "psi": _rounded(self.psi),
            "psi_limit": _rounded(self.psi_limit),
            "ks": _rounded(self.ks),
            "ks_limit": _rounded(self.ks_limit),
            "bins": list(self._bins()),
        }

    def _bins(self) -> Iterator[dict[str, Any]]:
        edges = self.places.edges
        names: Sequence[str | None] = [*(self.places.categories or ()), None]
        is_number = self.places.categories is None
        for at, count in enumerate(self.counts):
            expected = self.places.expected
            yield {
                "category": None if is_number else names[at],
                "low": edges[at - 1] if is_number and at else None,
                "high": edges[at] if is_number and at < len(edges) else None,
                "expected": _rounded(expected[at]) if expected else None,
                "observed": _share(count, self.houses),
            }


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """How one feature of the houses differs from that of the sales."""

    places: FeaturePlaces
    values: Comparison
    houses: int
    missing: int
    unknown: int
    flagged: int

    @property
    def name(self) -> str:
        """The feature's name."""
        return self.places.feature.name

    def findings(self) -> Iterator[Finding]:
        """Yield what has passed its limit."""
        values = self.values
        for measure, value, limit in (
            ("psi", values.psi, values.psi_limit),
            ("ks", values.ks, values.ks_limit),
        ):
            if value is not None and limit is not None and value > limit:
                yield Finding(self.name, measure, value, limit)  # type: ignore[arg-type] # one of the two
        expected = self.places.profile.missing
        for measure, then, count in (
            ("missing", expected, self.missing),
            ("unknown", 0.0, self.unknown),
        ):
            if stability.share_differs(then, count, self.houses):
                share = count / self.houses
                yield Finding(self.name, measure, share, then)  # type: ignore[arg-type] # the same

    @property
    def verdict(self) -> Verdict:
        """Whether it has changed; unknown where nothing is known to compare with."""
        if next(self.findings(), None):
            return "drift"
        return "stable" if self.values.places.expected else "unknown"

    def public(self, since_ms: int | None) -> dict[str, Any]:
        """Return it as clients see it.

        Args:
            since_ms: Since when the upkeep finds it changed; None where it does not.
        """
        feature = self.places.feature
        return {
            "feature": feature.name,
            "kind": feature.kind,
            "unit": feature.unit,
            "verdict": self.verdict,
            "reasons": [one.measure for one in self.findings()],
            "since": rfc3339(since_ms),
            "missing": _share(self.missing, self.houses),
            "missing_expected": _rounded(self.places.profile.missing),
            "unknown": _share(self.unknown, self.houses),
            "flagged": _share(self.flagged, self.houses),
            **self.values.public(),
        }


class DriftReport:
    """What a window of houses says, beside the sales of their model.

    Args:
        layout: Where the counts stand.
        seen: The counts.
    """

    def __init__(self, layout: CountLayout, seen: Seen) -> None:
        self._layout = layout
        self._seen = seen
        self._counts = seen.counts(layout.size)
        self.houses = self._counts[HOUSES]
        self.features = [self._feature(one) for one in layout.features]

    @property
    def flagged(self) -> float:
        """Share of the houses that are unlike the sales in some respect."""
        return self._counts[FLAGGED] / self.houses if self.houses else 0.0

    def public(self, window: Window, since_ms: Mapping[str, int]) -> dict[str, Any]:
        """Return the report as clients see it.

        Args:
            window: What it covers.
            since_ms: Feature -> since when the upkeep finds it changed.
        """
        buckets, step_s = self._seen.buckets, self._seen.step_s
        begin = buckets[0].begin if buckets else self._seen.until
        verdicts = {one.verdict for one in self.features}
        order: tuple[Verdict, ...] = ("drift", "stable")
        return {
            "window": window,
            "from": rfc3339(begin * 1000),
            "to": rfc3339(self._seen.until * 1000),
            "houses": self.houses,
            "verdict": next((one for one in order if one in verdicts), "unknown"),
            "flagged": _share(self._counts[FLAGGED], self.houses),
            "flags": {
                code: _share(self._counts[place], self.houses)
                for code, place in OF_HOUSES.items()
            },
            "features": [one.public(since_ms.get(one.name)) for one in self.features],
            "prices": self._compared(self._layout.prices).public(),
            "widths": self._compared(self._layout.widths).public(),
            "volume": {
                "step_s": step_s,
                "points": [
                    {"time": rfc3339(one.begin * 1000), "houses": one.houses}
                    for one in buckets
                ],
            },
        }

    def _feature(self, one: FeaturePlaces) -> FeatureDrift:
        counts = self._counts
        return FeatureDrift(
            one,
            self._compared(one.values, share_known=1 - one.profile.missing),
            self.houses,
            missing=counts[one.missing],
            unknown=counts[one.unknown],
            flagged=counts[one.flagged],
        )

    def _compared(self, places: Places, *, share_known: float = 1.0) -> Comparison:
        sales = round(self._layout.sales * share_known)
        return Comparison(places, self._counts[places.first : places.end], sales)


class Drift:
    """Reads reports.

    Every verb passes `redis.RedisError` through when Redis cannot be reached.

    Args:
        seen: The counts.
        states: What the upkeep found.
    """

    def __init__(self, seen: SeenHouses, states: DriftStates) -> None:
        self._seen = seen
        self._states = states

    def report(self, card: ModelCard, window: Window) -> dict[str, Any]:
        """Return what a window of a version's houses says, as clients see it."""
        seen = self._seen.window(card.version, window)
        state = self._states.of(card.version)
        report = DriftReport(CountLayout(card), seen)
        return {
            "version": card.version,
            "currency": card.currency,
            **report.public(window, state.since_ms if state else {}),
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _share(count: int, houses: int) -> float:
    return round(count / houses, _DIGITS) if houses else 0.0
