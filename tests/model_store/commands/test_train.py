"""The command train: a champion where there was none, and no work for nothing."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from model_store import training
from model_store.cli import cli
from model_store.settings import ModelSettings
from model_store.store import ModelStore
from tests.model_store.commands.training import train
from tests.model_store.conftest import Writer, other_sales


def test_the_first_model_becomes_the_champion(
    run: CliRunner, other_market: Writer, tmp_path: Path
) -> None:
    """A second model waits to be promoted, unless the command says otherwise."""
    store = ModelStore.from_settings(ModelSettings(state_dir=tmp_path))
    definition = other_market()

    first = json.loads(train(run, definition, "--json").stdout)
    second = json.loads(train(run, definition, "--json", "--seed", "1").stdout)

    assert store.resolve("champion") == first["version"]
    assert set(store.versions()) == {first["version"], second["version"]}
    train(run, definition, "--seed", "1", "--promote")
    assert store.resolve("champion") == second["version"]


def test_a_champion_may_be_trained_only_where_there_is_none(
    run: CliRunner,
    other_market: Writer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A job that starts every installation trains once, and needs no key later."""
    definition = other_market()

    first = json.loads(train(run, definition, "--unless-champion", "--json").stdout)
    monkeypatch.delattr(training, "train")
    (tmp_path / "signing-key.pem").unlink()
    again = train(run, definition, "--unless-champion", "--json")

    assert again.exit_code == 0
    assert json.loads(again.stdout) == first


def test_a_champion_that_is_not_trusted_is_none_that_serves(
    run: CliRunner, other_market: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for a first model hears that the workers would refuse it."""
    definition = other_market()
    train(run, definition)
    monkeypatch.setenv("KERBSIDE_TRUSTED_KEYS", f"ed25519:{'A' * 43}=")

    assert train(run, definition, "--unless-champion").exit_code == 4


def test_a_model_can_be_named_and_shown(
    run: CliRunner, other_market: Writer, store: ModelStore
) -> None:
    """What is printed for people says name, version, alias and figures."""
    trained = train(run, other_market(), "--name", "flats")

    shown = run.invoke(cli, ["show"])

    assert trained.stderr == ""
    assert shown.stdout == trained.stdout
    for text in ("flats", "champion", "median error", "90% range"):
        assert text in shown.stdout


def test_a_progress_bar_goes_to_stderr_alone(
    run: CliRunner, other_market: Writer
) -> None:
    """Output that another program reads stays clean."""
    trained = train(run, other_market(), "--json", "--progress")

    assert "100%" in trained.stderr
    json.loads(trained.stdout)


def test_a_key_that_was_named_and_is_not_there_is_told_before_the_training(
    run: CliRunner,
    other_market: Writer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No other key takes its place."""
    monkeypatch.setenv("KERBSIDE_SIGNING_KEY_FILE", str(tmp_path / "gone.pem"))
    monkeypatch.delattr(training, "train")

    result = train(run, other_market())

    assert result.exit_code == 1
    assert "kerbside model key --create" in result.stderr


def test_an_unwritable_store_is_told_before_the_training(
    run: CliRunner,
    other_market: Writer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody waits for a model that has no place to go."""
    (tmp_path / "file").write_text("")
    monkeypatch.delattr(training, "train")

    result = train(run, other_market(), "--store", str(tmp_path / "file" / "x"))

    assert result.exit_code == 1
    assert "cannot write the model store" in result.stderr


def test_a_table_of_copies_is_not_learnt(run: CliRunner, other_market: Writer) -> None:
    """A test on them would be brilliant, and say nothing."""
    rows = other_sales()
    head, body = rows.split("\n", 1)

    refused = train(run, other_market(rows=f"{head}\n{body}{body}"))

    assert refused.exit_code == 1
    assert "400 of 800 rows are there more than once" in refused.stderr
