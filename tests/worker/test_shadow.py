"""The laws of what a challenger prices behind the champion's back."""

import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
import redis as redis_py
from prometheus_client import CollectorRegistry

from tests.patience import wait_until
from worker import shadow as shadow_module
from worker.leases import Completion, Lease
from worker.metrics import Metrics
from worker.predictors import Pricing
from worker.shadow import Shadow
from worker.shadow_totals import ShadowTotals

EVERY = 10


def output(price: int) -> dict[str, Any]:
    """Return what a model says of a house."""
    interval = {"low": price - 1, "high": price + 1, "level": 0.9}
    return {"price": price, "interval": interval, "fsd": 0.1, "in_distribution": True}


@dataclass
class Challenger(Pricing):
    """Says twice the number of the house, while its gate is open."""

    gate: threading.Event = field(default_factory=threading.Event)
    asked: list[list[int]] = field(default_factory=list)
    fails: bool = False

    @property
    def challenger(self) -> tuple[str, Pricing]:
        """Return itself."""
        return "new", self

    def predict(self, houses: Sequence[Mapping[str, Any]], /) -> list[dict[str, Any]]:
        """Price."""
        self.asked.append([house["number"] for house in houses])
        assert self.gate.wait(30)
        if self.fails:
            raise ValueError(houses)
        return [output(2 * (house["number"] + 1)) for house in houses]


@pytest.fixture
def challenger() -> Iterator[Challenger]:
    """Return a challenger that prices at once."""
    challenger = Challenger()
    challenger.gate.set()
    yield challenger
    challenger.gate.set()


@pytest.fixture
def counted() -> CollectorRegistry:
    """Return where what became of houses is counted."""
    return CollectorRegistry()


@pytest.fixture
def totals(redis: redis_py.Redis) -> ShadowTotals:
    """Return the totals of the test's Redis."""
    return ShadowTotals(redis)


@pytest.fixture
def shadow(
    challenger: Challenger,
    totals: ShadowTotals,
    counted: CollectorRegistry,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Shadow]:
    """Return what takes each tenth price, and waits for no others."""
    monkeypatch.setattr(shadow_module, "_GATHER_S", 0.0)
    shadow = Shadow(challenger, totals, Metrics(counted), every=EVERY)
    shadow.start()
    yield shadow
    shadow.stop()
    challenger.gate.set()
    # What it has in hand it would add to the totals of the test that follows.
    for thread in threading.enumerate():
        if thread.name == "shadow":
            thread.join(30)


def priced(first: int, last: int, version: str = "old") -> list[Completion]:
    """Return a batch of houses with numbers."""
    return [
        Completion(
            lease=Lease(str(number), 1, version, orjson.dumps({"number": number}), 0),
            output=b"{}",
            prediction=output(number + 1),
        )
        for number in range(first, last)
    ]


def count(registry: CollectorRegistry, outcome: str) -> float | None:
    """Return how many houses came to an end."""
    return registry.get_sample_value("kerbside_shadows_total", {"outcome": outcome})


def test_each_nth_price_is_made_by_the_challenger_too(
    shadow: Shadow,
    challenger: Challenger,
    totals: ShadowTotals,
    counted: CollectorRegistry,
) -> None:
    """However they come in batches; both prices are kept, for the archive too."""
    for first, last in ((0, 7), (7, 8), (8, 33), (33, 50)):
        shadow.note(priced(first, last))
    wait_until(lambda: totals.read("new", "old").count == 5)

    assert sorted(itertools.chain(*challenger.asked)) == [0, 10, 20, 30, 40]
    assert totals.read("new", "old").mean == pytest.approx(0.6931, abs=1e-4)
    wait_until(lambda: count(counted, "priced") == 5)
    row = orjson.loads(totals.waiting(1)[0])
    assert (row["prediction_id"], row["version"], row["served_version"]) == (
        *("0", "new"),
        "old",
    )
    assert (row["price"], row["served_price"]) == (2, 1)


def test_who_is_behind_drops_and_delays_nobody(
    shadow: Shadow, challenger: Challenger, counted: CollectorRegistry
) -> None:
    """What hangs holds up its own thread alone."""
    challenger.gate.clear()

    shadow.note(priced(0, EVERY * 200))

    wait_until(lambda: challenger.asked != [])
    dropped = count(counted, "dropped")
    assert dropped is not None
    assert dropped >= 100


def test_a_challenger_that_fails_is_counted_and_asked_on(
    shadow: Shadow,
    challenger: Challenger,
    totals: ShadowTotals,
    counted: CollectorRegistry,
) -> None:
    """Its schema need not take what the champion's does."""
    challenger.fails = True
    shadow.note(priced(0, 1))
    wait_until(lambda: count(counted, "failed") == 1)

    challenger.fails = False
    shadow.note(priced(EVERY, EVERY + EVERY))

    wait_until(lambda: totals.read("new", "old").count == 1)
    assert count(counted, "failed") == 1


@pytest.mark.parametrize(("every", "version"), [(0, "old"), (EVERY, "new")])
def test_where_nothing_is_to_be_compared_nothing_is_asked(
    challenger: Challenger, totals: ShadowTotals, every: int, version: str
) -> None:
    """Where it is turned off, and of what the challenger itself has priced."""
    shadow = Shadow(challenger, totals, Metrics(CollectorRegistry()), every=every)
    shadow.note(priced(0, 100, version))
    shadow.start()
    shadow.note(priced(0, 100, version))
    shadow.stop()

    assert challenger.asked == []


def test_a_job_without_a_price_is_not_compared(
    shadow: Shadow, challenger: Challenger, totals: ShadowTotals
) -> None:
    """One that failed, and one of a model that says less."""
    lease = priced(0, 1)[0].lease
    shadow.note([Completion(lease=lease, error="no")])
    for number in range(1, EVERY):
        shadow.note(priced(number, number + 1))
    shadow.note([Completion(lease=lease, output=b"{}", prediction={"price": 1})])
    for number in range(11, 21):
        shadow.note(priced(number, number + 1))

    wait_until(lambda: totals.read("new", "old").count == 1)
    assert challenger.asked == [[20]]


def test_what_comes_together_is_priced_together(
    shadow: Shadow, challenger: Challenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a fraction of the CPU; each champion's houses are summed up apart."""
    monkeypatch.setattr(shadow_module, "_GATHER_S", 60.0)
    for start in range(0, 320, 160):
        shadow.note(priced(start, start + 160, f"old-{start}"))

    wait_until(lambda: len(challenger.asked) == 2)
    assert sorted(challenger.asked) == [
        [*range(0, 160, EVERY)],
        [*range(160, 320, EVERY)],
    ]
