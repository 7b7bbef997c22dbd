"""Houses to submit, each with the one output that it must get."""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Protocol

import orjson

#: Alias by which every order names its model.
ALIAS = "champion"
#: Distinct real houses; their prices are computed once, in this process.
_REAL_HOUSES = 200


@dataclass(frozen=True, slots=True)
class House:
    """A house as JSON, and the output that is right for it."""

    input: bytes
    output: bytes


class Houses(Protocol):
    """A supply of houses for one model version."""

    version: str
    store: Path
    #: Whose versions the workers are to use.
    trusted_keys: tuple[str, ...]

    def draw(self, rng: Random) -> House:
        """Return a house."""


class MadeUpHouses:
    """A different house each time, for the stand-in model."""

    version = "stand-in"
    trusted_keys: tuple[str, ...] = ()

    def __init__(self, store: Path) -> None:
        """Make a store whose champion is a name only: nothing is ever read of it."""
        self.store = store
        self._serials = itertools.count(1)
        store.mkdir(parents=True, exist_ok=True)
        aliases = {"generation": 1, "champion": self.version}
        (store / "aliases.json").write_text(json.dumps(aliases), encoding="utf-8")

    def draw(self, rng: Random) -> House:
        """Return the next house."""
        del rng
        return self._house(next(self._serials))

    def killer(self) -> tuple[int, House]:
        """Return the serial number of a house that ends its process, and the house."""
        serial = next(self._serials)
        return serial, self._house(serial, kills=True)

    def _house(self, serial: int, **marks: bool) -> House:
        house = {"serial": serial, **marks}
        return House(orjson.dumps(house), _written(right_output(serial)))


def right_output(serial: int) -> dict[str, Any]:
    """Return what the stand-in model answers to the house with a serial number."""
    return {"price": serial * 7919 % 999_983, "serial": serial, "model": {}}


def _written(output: dict[str, Any]) -> bytes:
    """Return what a worker makes of a model's answer: every house is the champion's."""
    output["model"]["alias"] = ALIAS
    return orjson.dumps(output)


class RealHouses:
    """Sales of the shipped data set, for a small model trained on some of them."""

    def __init__(self, store: Path) -> None:
        """Train the model and price the houses, here and once."""
        from model_store import dataset
        from model_store.serving.predictor import Predictor
        from tests import small_model

        models = small_model.promoted(small_model.train(), store)
        self.version = models.resolve("champion")
        self.store = store
        self.trusted_keys = models.trust.keys
        sales = dataset.load()
        step = len(sales) // _REAL_HOUSES
        houses = [sales.house(row * step) for row in range(_REAL_HOUSES)]
        outputs = Predictor.load(models, self.version).predict(houses)
        self._houses = [
            House(orjson.dumps(house), _written(output))
            for house, output in zip(houses, outputs, strict=True)
        ]

    def draw(self, rng: Random) -> House:
        """Return one of the houses."""
        return rng.choice(self._houses)
