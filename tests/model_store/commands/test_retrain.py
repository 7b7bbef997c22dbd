"""The command retrain: an exit code for each end, for people and for programs."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from model_store import actor
from model_store.cli import cli
from model_store.retraining import pipeline
from model_store.settings import ModelSettings
from model_store.store import ModelStore
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


#: A retraining that is killed as soon as the champion is another.
_KILLED = """
import os, signal
from model_store.cli import cli
from model_store.retraining import pipeline
from model_store.store import ModelStore
from tests.small_model import RECIPE

promote = ModelStore.promote

def killed(*args, **options):
    aliases = promote(*args, **options)
    if aliases.champion:
        os.kill(os.getpid(), signal.SIGKILL)
    return aliases

ModelStore.promote = killed
pipeline.Recipe = lambda: RECIPE
cli()
"""


def test_a_promotion_is_told_by_whom_though_its_retraining_was_killed(
    models: ModelStore, other_market: Writer
) -> None:
    """The same write makes the champion and says who did."""
    words = ("retrain", "--data", str(other_market()), "--store", models.url)

    done = subprocess.run((sys.executable, "-c", _KILLED, *words), check=False)

    assert done.returncode == -signal.SIGKILL
    version = models.resolve("champion")
    changes = models.aliases().changes
    assert {(one.actor, one.version) for one in changes} == {
        (actor.running("retraining"), version)
    }
    told = [one.operation for one in changes]
    assert told == ["name_challenger", "promote_model"]


def test_to_accept_fewer_sales_takes_a_reason(
    run: CliRunner, models: ModelStore, other_market: Writer
) -> None:
    """An empty one is none."""
    result = _retrain(run, other_market(), "--accept-fewer", " ")

    assert result.exit_code == 2
    assert "expected a reason" in result.stderr
    assert models.versions() == []
