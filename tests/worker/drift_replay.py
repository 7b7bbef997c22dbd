"""Sales that come as houses to be priced, day by day, on a clock of their own."""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import redis as redis_py

from model_store import dataset
from model_store.card import ModelCard
from model_store.dataset import Dataset
from model_store.recipe import pipelines
from model_store.recipe.pipelines import Fitted
from model_store.serving.counting import Counting
from model_store.serving.estimates import Direct
from model_store.serving.flags import Flagging, categories
from model_store.storage.manifest import CARD
from model_store.store import ModelStore
from tests import small_model
from tests.clock import Clock
from tests.model_store.markets import QUICK
from worker.drift_states import DriftStates
from worker.drift_watch import DriftWatch
from worker.seen import SeenHouses
from worker.settings import WorkerSettings

House = dict[str, Any]
Spoil = Callable[[House], House]

#: The version that prices the houses.
VERSION = "20150228-0000abcd"
#: What is answered for each: prices are not looked at here.
_ANSWER = {"price": 500_000, "interval": {"low": 400_000, "high": 620_000}}
_FT2_IN_M2 = 0.3048**2


def in_square_metres(house: House) -> House:
    """Return a house whose living space came in the wrong unit."""
    return {**house, "sqft_living": house["sqft_living"] * _FT2_IN_M2}


@dataclass(frozen=True, slots=True)
class Market:
    """A model, and sales of its market."""

    fitted: Fitted
    sales: Dataset

    def lots(
        self, first: dt.date, end: dt.date, *, size: int = 20
    ) -> Iterator[tuple[float, list[House]]]:
        """Yield houses from a day until another, and the time at which they come.

        Args:
            first: The first day.
            end: The day after the last one.
            size: Houses that come at once, one lot an hour.
        """
        sales = self.sales.split(end)[0].split(first)[1]
        for day in np.unique(sales.dates):
            rows = np.flatnonzero(sales.dates == day).tolist()
            morning = dt.datetime.combine(day.item(), dt.time(6), dt.UTC).timestamp()
            for start in range(0, len(rows), size):
                houses = [sales.house(row) for row in rows[start : start + size]]
                yield morning + 3600 * (start // size), houses


def fitted_before(day: dt.date) -> Market:
    """Return a market whose model knows the shipped sales before a day."""
    sales = dataset.load()
    recipe = replace(QUICK, trees=2, spread_trees=2)
    return Market(pipelines.fit(sales.split(day)[0], recipe, 0), sales)


class Replay:
    """Counts what comes and looks at it, as an installation does.

    Args:
        market: What is served, and comes.
        made: Files of a version whose card is taken over but for schema and profile.
        client: Redis.
        settings: Those of a worker.
        clock: What counts and looks.
        root: Folder for the model store.
    """

    version = VERSION

    def __init__(
        self,
        market: Market,
        made: Mapping[str, bytes],
        client: redis_py.Redis,
        settings: WorkerSettings,
        clock: Clock,
        root: Path,
    ) -> None:
        self.market = market
        self.clock = clock
        self.seen = SeenHouses(client, settings, clock=clock)
        fitted, schema = market.fitted, market.sales.schema
        files = small_model.changed(
            made,
            version=VERSION,
            profile=json.loads(json.dumps(asdict(fitted.profile))),
            schema=schema.to_dict(),
        )
        store = ModelStore(root, small_model.TRUST)
        store.publish(files)
        self._watch = DriftWatch(client, settings, store, clock=clock)
        self._states = DriftStates(client)
        self._card = ModelCard.from_json(files[CARD])
        self._known = categories(fitted.pipelines[0], schema)
        self._flagging = Flagging(fitted.profile, schema, self._known)
        self._direct = Direct(fitted.pipelines, schema)

    def lot(self, time_s: float, houses: Sequence[House]) -> set[str]:
        """Let houses come at a time; return the features that have changed."""
        self.clock.seconds = time_s
        self.seen.add(VERSION, self._counts(houses))
        self._watch.look()
        state = self._states.of(VERSION)
        assert state is not None
        return set(state.since_ms)

    def _counts(self, houses: Sequence[House]) -> Mapping[int, int]:
        """Count houses as a predictor does that has just priced them."""
        rows = [self._direct._row(house) for house in houses]  # noqa: SLF001 - what the models are given
        flags = [self._flagging.flags(house, 0.0, 0.0) for house in houses]
        counting = Counting(self._card, self._known)
        counting.add(
            np.array(rows, np.float64), [{**_ANSWER, "flags": f} for f in flags]
        )
        return counting.take()


Install = Callable[[Market], Replay]
