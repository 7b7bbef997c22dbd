"""Fixtures of the model store's tests."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from model_store import artifact, dataset, training
from model_store.artifact import Loaded
from model_store.serving.predictor import Predictor
from model_store.settings import ModelSettings
from model_store.storage import signing
from model_store.store import ModelStore
from tests.model_store.commands.training import SECOND
from tests.model_store.markets import QUICK
from tests.small_model import TRUST, changed

#: A market of its own: no column shared with the shipped data set.
OTHER_MARKET: dict[str, Any] = {
    "name": "other-market",
    "title": "Made-up flats",
    "source": "this test",
    "licence": "CC0-1.0",
    "table": "flats.csv",
    "currency": "EUR",
    "target": "paid",
    "date": "day",
    "features": [
        {
            "name": "area",
            "kind": "number",
            "unit": "m2",
            "description": "Living space.",
            "minimum": 5,
            "maximum": 1000,
            "example": 80.5,
        },
        {
            "name": "quarter",
            "kind": "category",
            "description": "Quarter of the town.",
            "example": "north",
        },
        {
            "name": "heating",
            "kind": "category",
            "description": "Kind of heating, if known.",
            "example": "gas",
            "required": False,
        },
        {
            "name": "rooms",
            "kind": "integer",
            "description": "Rooms, if known.",
            "minimum": 1,
            "maximum": 40,
            "example": 3,
            "required": False,
        },
    ],
}

Writer = Callable[..., Path]


@pytest.fixture
def other_market(tmp_path: Path) -> Writer:
    """Return a writer of another market's definition and table.

    Its arguments replace parts of the definition; `rows` replaces the table.
    """

    def write(*, rows: str | None = None, **changes: Any) -> Path:
        definition = tmp_path / "flats.json"
        definition.write_text(json.dumps(OTHER_MARKET | changes))
        table = other_sales() if rows is None else rows
        (tmp_path / "flats.csv").write_text(table)
        return definition

    return write


@pytest.fixture
def fresh(tmp_path: Path) -> ModelStore:
    """Return a store that does not exist yet."""
    return ModelStore(tmp_path / "deep" / "store", TRUST)


@pytest.fixture(scope="session")
def loaded(store: ModelStore) -> Loaded:
    """Return the small champion as read from the store."""
    return artifact.load(store.files(store.resolve("champion")))


@pytest.fixture(scope="session")
def predictor(loaded: Loaded) -> Predictor:
    """Return the small champion, ready to price."""
    return Predictor(loaded)


@pytest.fixture(scope="session")
def houses() -> list[dict[str, Any]]:
    """Return three hundred houses, some with gaps and unknown categories."""
    sales = dataset.load().every(72)
    random = np.random.default_rng(0)
    houses: list[dict[str, Any]] = [sales.house(row) for row in range(len(sales))]
    for feature in sales.schema.features:
        for row in random.choice(len(houses), 5, replace=False):
            unknown = feature.kind == "category" and row % 2
            houses[row][feature.name] = "elsewhere" if unknown else None
    for row in random.choice(len(houses), 5, replace=False):
        del houses[row][sales.schema.names[row % len(sales.schema.names)]]
    return houses


def other_sales(count: int = 400) -> str:
    """Return a table of made-up sales, with gaps where they are allowed."""
    random = np.random.default_rng(0)
    lines = ["day,paid,area,quarter,heating,rooms"]
    for i in range(count):
        area = round(float(random.uniform(20, 200)), 1)
        quarter = ("north", "south", "NA")[i % 3]
        heating = ("gas", "", "wood")[i % 3]
        rooms = "" if i % 5 == 0 else str(1 + i % 6)
        paid = round(area * 3000 * float(random.lognormal(0, 0.2)))
        day = f"2020-{1 + 12 * i // count:02}-{1 + i % 28:02}"
        lines.append(f"{day},{paid},{area},{quarter},{heating},{rooms}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Return a runner with a store of its own, and make every model small."""
    monkeypatch.setattr(training, "Recipe", lambda: QUICK)
    monkeypatch.setenv("KERBSIDE_STATE_DIR", str(tmp_path))
    return CliRunner()


@pytest.fixture
def two(tmp_path: Path, made: dict[str, bytes], run: CliRunner) -> ModelStore:
    """Return the runner's store with a champion and another version in it."""
    settings = ModelSettings(state_dir=tmp_path)
    key = signing.own_key(settings)
    store = ModelStore.from_settings(settings)
    store.promote(store.publish(changed(made, key=key)))
    store.publish(changed(made, key=key, version=SECOND))
    return store
