"""A table of somebody's own becomes a served price, without a line of code."""

import json
import subprocess
import sys
from pathlib import Path

from api.client import Client
from api.settings import child_environment
from model_store.storage.signing import SigningKey, Trust
from model_store.store import ModelStore
from tests.model_store.intake.tables import german, write
from tests.patience import PATIENCE_S
from tests.system import installation
from worker import connection
from worker.credentials import ApiKeys
from worker.supervision import ports


def test_a_german_table_becomes_a_price_in_euros(tmp_path: Path) -> None:
    """init, train, serve: a house in the table's own words is priced."""
    table = write(
        german().drop(columns=["geo_lat", "geo_long", "PLZ"]),
        tmp_path / "verkauf.csv",
        sep=";",
        decimal=",",
        encoding="cp1252",
    )
    state = tmp_path / "var"

    _model(state, "init", str(table), "--target", "Kaufpreis", "--date", "Verkauft am")
    told = _model(state, "train", "--data", str(table.with_suffix(".json")), "--json")

    card = json.loads(told)
    assert card["currency"] == "EUR"
    key = SigningKey.load(state / "signing-key.pem")
    store = ModelStore(state / "models", Trust((key.public,)))
    with installation.running(tmp_path / "site", store) as place:
        for process in (place.stack.api(), *place.stack.prediction_workers()):
            place.start(process)
        with connection.connect(place.redis.url, role="worker") as server:
            token, _ = ApiKeys(server).create(tenant="a", scopes=["predict", "read"])
        with Client(f"http://{ports.LOOPBACK}:{place.stack.port}", token) as client:
            house = {f["name"]: f["example"] for f in card["schema"]["features"]}
            priced = client.price(house | {"Wohnflaeche_m2": 150.5})

    assert priced.output is not None
    assert priced.output["currency"] == "EUR"
    low, high = (priced.output["interval"][end] for end in ("low", "high"))
    assert low <= priced.output["price"] <= high


def _model(state: Path, *words: str) -> str:
    environment = child_environment(KERBSIDE_STATE_DIR=str(state), OMP_NUM_THREADS="1")
    done = subprocess.run(
        [sys.executable, "-m", "model_store", *words],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
