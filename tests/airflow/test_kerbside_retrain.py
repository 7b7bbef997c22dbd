"""The DAG in examples/airflow, run by the real Airflow on the real command."""

from pathlib import Path

import pytest

from model_store.settings import ModelSettings
from model_store.store import ModelStore
from tests.airflow.conftest import Retrain

OK, FAILED = "success", "failed"


@pytest.fixture
def models(tmp_path: Path) -> ModelStore:
    """Return the store that the DAG retrains in."""
    return ModelStore.from_settings(ModelSettings(state_dir=tmp_path / "var"))


def test_what_is_fit_is_promoted_and_kept_where_nothing_is_new(
    retrain: Retrain, models: ModelStore
) -> None:
    """Two months of which the second brought no sales; neither is a fault."""
    first = retrain()
    champion = models.resolve("champion")
    second = retrain()

    assert first == {"retrain": OK, "verdict": OK, "promoted": OK}
    assert second == {"retrain": OK, "verdict": OK, "kept": OK}
    assert models.versions() == [champion]


def test_what_a_person_is_to_decide_on_waits(
    retrain: Retrain, models: ModelStore
) -> None:
    """The policy is Kerbside's own."""
    states = retrain(KERBSIDE_PROMOTION="ask")

    assert states == {"retrain": OK, "verdict": OK, "waits_for_a_person": OK}
    assert models.aliases().champion is None
    assert models.aliases().challenger is not None


def test_sales_that_are_refused_fail_the_run_without_another_try(
    retrain: Retrain, models: ModelStore, table: Path
) -> None:
    """No second try makes them good: the verdict stands, and somebody is called."""
    table.write_text(table.read_text().replace(",gas,", ",gas,-"))

    states = retrain()

    assert states == {"retrain": OK, "verdict": OK, "sales_refused": FAILED}
    assert models.versions() == []


def test_a_setting_that_cannot_be_fails_at_once(retrain: Retrain) -> None:
    """It needs an engineer, not two more tries."""
    states = retrain(KERBSIDE_PROMOTION="perhaps")

    assert states.pop("retrain") == FAILED
    assert set(states.values()) == {"upstream_failed"}
