"""Fixtures of the DAG's tests: a small market, and an Airflow that knows the DAG."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from api.settings import child_environment
from tests.model_store.conftest import OTHER_MARKET, other_sales
from tests.structure import source

AIRFLOW = source.ROOT / "build" / "tools" / "airflow" / "bin"

#: Runs the DAG, with further settings; returns the state of each task it reached.
Retrain = Callable[..., dict[str, str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here: `make test MARK=airflow` brings what they need."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("airflow")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Return the table of sales that is learnt from."""
    table = tmp_path / str(OTHER_MARKET["table"])
    table.write_text(other_sales())
    table.with_suffix(".json").write_text(json.dumps(OTHER_MARKET))
    return table


@pytest.fixture
def retrain(tmp_path: Path, table: Path) -> Retrain:
    """Return what runs the DAG beside a state folder of one's own."""
    settings = child_environment(
        HOME=str(tmp_path),
        AIRFLOW_HOME=str(tmp_path / "airflow"),
        AIRFLOW__CORE__DAGS_FOLDER=str(source.ROOT / "examples" / "airflow"),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__USAGE_DATA_COLLECTION__ENABLED="False",
        MODEL_STORE_COMMAND=f"{sys.executable} -m model_store",
        KERBSIDE_DATA_SET=str(table.with_suffix(".json")),
        KERBSIDE_STATE_DIR=str(tmp_path / "var"),
        # The DAG alone: no package of ours is to be found.
        PYTHONPATH=str(source.ROOT / "examples" / "airflow"),
        PYTHONDONTWRITEBYTECODE="1",
    )

    def run(*command: str | Path, **more: str) -> str:
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=settings | more,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def retrained(**more: str) -> dict[str, str]:
        told = run(AIRFLOW / "python", Path(__file__).with_name("run_dag.py"), **more)
        states: dict[str, str] = json.loads(told.splitlines()[-1])
        return {name: state for name, state in states.items() if state != "skipped"}

    assert AIRFLOW.exists(), f"{AIRFLOW} is missing: `make test MARK=airflow` brings it"
    run(AIRFLOW / "airflow", "db", "migrate")
    return retrained
