"""The command retrain: an exit code for each end, for people and for programs."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from model_store.archive.archive import Archive
from model_store.cli import cli
from model_store.retraining import pipeline
from model_store.settings import ModelSettings
from model_store.store import ModelStore
from tests.model_store.archive.rows import actions
from tests.model_store.conftest import Writer, other_sales
from tests.small_model import RECIPE


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelStore:
    """Return the store of the command, which makes small models."""
    monkeypatch.setattr(pipeline, "Recipe", lambda: RECIPE)
    return ModelStore.from_settings(ModelSettings(state_dir=tmp_path))


def _retrain(run: CliRunner, definition: Path, *options: str) -> Result:
    return run.invoke(cli, ["retrain", "--data", str(definition), *options])


def test_the_first_retraining_promotes_and_the_next_has_nothing_new(
    run: CliRunner, models: ModelStore, other_market: Writer
) -> None:
    """0 and 6; a scheduler that takes 6 for a fault asks for 0."""
    definition = other_market()

    first = _retrain(run, definition, "--json")
    again = _retrain(run, definition)
    scheduled = _retrain(run, definition, "--scheduled", "--json")

    assert first.exit_code == 0, first.output
    record = json.loads(first.stdout)
    assert record["decision"] == "promote"
    assert record["version"] == models.resolve("champion")
    assert again.exit_code == 6
    assert "news" in again.stdout
    assert "Kept: " in again.stdout
    assert scheduled.exit_code == 0
    assert json.loads(scheduled.stdout)["decision"] == "unchanged"


def test_the_policy_may_ask_for_a_person(
    run: CliRunner,
    models: ModelStore,
    other_market: Writer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The new model is the challenger then; an option has the last word."""
    monkeypatch.setenv("KERBSIDE_PROMOTION", "ask")
    definition = other_market()

    asked = _retrain(run, definition)
    assert "Waits as challenger" in asked.stdout
    assert asked.exit_code == 0
    assert models.aliases().champion is None

    assert _retrain(run, definition, "--promote").exit_code == 0
    assert models.aliases().champion is not None


def test_sales_that_are_refused_have_an_exit_code(
    run: CliRunner, models: ModelStore, other_market: Writer
) -> None:
    """Scheduled or not: somebody has to look at them."""
    rows = other_sales().replace(",gas,", ",gas,-").splitlines()

    result = _retrain(run, other_market(rows="\n".join(rows)), "--scheduled")

    assert result.exit_code == 7
    assert "column 'rooms'" in result.stdout
    assert models.versions() == []


def test_a_retraining_beside_another_has_an_exit_code(
    run: CliRunner, models: ModelStore, other_market: Writer
) -> None:
    """It says who is at it."""
    with models.lease("retraining"):
        result = _retrain(run, other_market())

    assert result.exit_code == 8
    assert "another retraining is under way" in result.stderr


def test_the_data_set_may_be_a_setting(
    run: CliRunner,
    models: ModelStore,
    other_market: Writer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What runs it by itself knows no options."""
    monkeypatch.setenv("KERBSIDE_DATA_SET", str(other_market()))

    assert run.invoke(cli, ["retrain"]).exit_code == 0
    assert models.card(models.resolve("champion")).data["name"] == "other-market"


def test_a_promotion_is_in_the_audit_log_whoever_ran_it(
    run: CliRunner,
    models: ModelStore,
    other_market: Writer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A scheduler is no operator who would be written down."""
    monkeypatch.setenv("KERBSIDE_ARCHIVE_URL", f"sqlite:///{tmp_path}/archive.db")
    definition = other_market()

    with closing(Archive(f"sqlite:///{tmp_path}/archive.db")) as archive:
        archive.migrate()
        for _ in range(2):
            _retrain(run, definition, "--scheduled")
        entries = actions(archive)

    assert [(one.actor, one.operation, one.targets) for one in entries] == [
        ("retraining", "promote_model", (models.resolve("champion"),))
    ]


def test_to_accept_fewer_sales_takes_a_reason(
    run: CliRunner, models: ModelStore, other_market: Writer
) -> None:
    """An empty one is none."""
    result = _retrain(run, other_market(), "--accept-fewer", " ")

    assert result.exit_code == 2
    assert "expected a reason" in result.stderr
    assert models.versions() == []
