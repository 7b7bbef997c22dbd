"""When jobs come: the curves of the scenarios, in workers' capacities."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Seconds of a step of the simulation.
STEP_S = 0.1
_HOUR = 3600

Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A course of the load.

    Attributes:
        title: What the plots call it.
        hours: How long it lasts.
        load: Returns what comes at each instant (seconds), in capacities of a worker.
        noise: Relative deviation of what comes, minute by minute.
        workers: How many there are at the beginning.
    """

    title: str
    hours: float
    load: Callable[[Curve], Curve]
    noise: float
    workers: int

    def arrivals(self, rate: float, rng: np.random.Generator) -> Curve:
        """Return how many jobs come in each step, at workers of this rate."""
        steps = round(self.hours * _HOUR / STEP_S)
        load = self.load(np.arange(steps, dtype=np.float64) * STEP_S) * self._noise(
            steps, rng
        )
        return rng.poisson(load * rate * STEP_S).astype(np.float64)

    def _noise(self, steps: int, rng: np.random.Generator) -> Curve:
        """Return a factor for each step that wanders slowly around 1."""
        per_minute = round(60 / STEP_S)
        minutes = steps // per_minute + 2
        drift = np.empty(minutes)
        drift[0] = 0
        for minute, shock in enumerate(rng.standard_normal(minutes - 1), start=1):
            drift[minute] = 0.8 * drift[minute - 1] + 0.6 * shock
        at = np.arange(steps) / per_minute
        return np.exp(self.noise * np.interp(at, np.arange(minutes), drift))


def _day(seconds: Curve) -> Curve:
    """A night of a quarter worker, a morning and an evening peak of seven."""
    hour = seconds / _HOUR

    def hump(at: float, width: float) -> Curve:
        return np.exp(-(((hour - at) / width) ** 2))

    return 0.25 + 5.0 * hump(10.5, 2.2) + 3.5 * hump(14, 2.0) + 6.7 * hump(19.5, 2.0)


def _burst(seconds: Curve) -> Curve:
    """Five minutes of five workers' work, all at once, out of a quiet hour."""
    is_burst = (seconds >= 20 * 60) & (seconds < 25 * 60)
    return np.where(is_burst, 5.0, 0.5)


def _steady(seconds: Curve) -> Curve:
    """As much as 3.5 workers can do."""
    return np.full_like(seconds, 3.5)


def _uploads(seconds: Curve) -> Curve:
    """600 chunks after five minutes, and 60 after an hour and a half."""
    load = np.zeros_like(seconds)
    load[round(300 / STEP_S)] = 2 * 600 / STEP_S
    load[round(5400 / STEP_S)] = 2 * 60 / STEP_S
    return load


#: What comes in each of them, in capacities of a worker.
SCENARIOS = {
    "day": Scenario("a day", 24, _day, 0.10, 1),
    "burst": Scenario("a burst", 1, _burst, 0.05, 1),
    "steady": Scenario("two hours at 3.5 workers' capacity", 2, _steady, 0.03, 5),
    "uploads": Scenario("two uploads", 2, _uploads, 0.0, 0),
}
