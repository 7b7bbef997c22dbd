"""The commands train, list and show, and fail with one clear sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from model_store import training
from model_store.cli import cli
from model_store.store import ModelStore
from tests.model_store.conftest import Writer
from tests.model_store.markets import QUICK


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Return a runner with a store of its own, and make every model small."""
    monkeypatch.setattr(training, "Recipe", lambda: QUICK)
    monkeypatch.setenv("KERBSIDE_STORE_URL", str(tmp_path / "models"))
    return CliRunner()


def _train(run: CliRunner, definition: Path, *options: str) -> Result:
    return run.invoke(cli, ["train", "--data", str(definition), *options])


def test_the_first_model_becomes_the_champion(
    run: CliRunner, other_market: Writer, tmp_path: Path
) -> None:
    """A second model waits to be promoted, unless the command says otherwise."""
    store = ModelStore(tmp_path / "models")
    definition = other_market()

    first = json.loads(_train(run, definition, "--json").stdout)
    second = json.loads(_train(run, definition, "--json", "--seed", "1").stdout)

    assert store.resolve("champion") == first["version"]
    assert set(store.versions()) == {first["version"], second["version"]}
    _train(run, definition, "--seed", "1", "--promote")
    assert store.resolve("champion") == second["version"]


def test_a_model_can_be_named_and_shown(
    run: CliRunner, other_market: Writer, store: ModelStore
) -> None:
    """What is printed for people says name, version, alias and figures."""
    trained = _train(run, other_market(), "--name", "flats")

    shown = run.invoke(cli, ["show"])

    assert trained.stderr == ""
    assert shown.stdout == trained.stdout
    for text in ("flats", "champion", "median error", "90% range"):
        assert text in shown.stdout


def test_a_progress_bar_goes_to_stderr_alone(
    run: CliRunner, other_market: Writer
) -> None:
    """Output that another program reads stays clean."""
    trained = _train(run, other_market(), "--json", "--progress")

    assert "100%" in trained.stderr
    json.loads(trained.stdout)


def test_versions_are_listed_with_their_aliases(
    run: CliRunner, store: ModelStore
) -> None:
    """For people as a table, for programs as JSON."""
    options = ["--store", str(store.root)]

    table = run.invoke(cli, ["list", *options]).stdout
    cards = json.loads(run.invoke(cli, ["list", "--json", *options]).stdout)

    assert cards[0]["aliases"] == ["champion"]
    assert cards[0]["version"] in table


def test_a_card_is_shown_by_alias_and_by_version(
    run: CliRunner, store: ModelStore
) -> None:
    """Both name the same version."""
    options = ["--json", "--store", str(store.root)]
    version = store.resolve("champion")

    by_alias = run.invoke(cli, ["show", "champion", *options])
    by_version = run.invoke(cli, ["show", version, *options])

    assert json.loads(by_alias.stdout) == store.card(version).to_dict()
    assert by_alias.stdout == by_version.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["show"], 1, "train or promote a model"),
        (["show", "nonsense"], 1, "no model version 'nonsense'"),
        (["list", "--store", "s3://bucket"], 1, "expected a folder"),
        (["train", "--data", __file__], 1, "not a data-set definition"),
        (["train", "--data", "missing.json"], 2, "does not exist"),
        (["train", "--seed", "x"], 2, "not a valid integer"),
    ],
)
def test_a_failure_is_one_sentence_and_an_exit_code(
    run: CliRunner, arguments: list[str], code: int, told: str
) -> None:
    """1 for what is not usable, 2 for wrong usage; never a trace."""
    result = run.invoke(cli, arguments)

    assert result.exit_code == code
    assert told in result.stderr
    assert result.stdout == ""


def test_an_unwritable_store_is_told_before_the_training(
    run: CliRunner,
    other_market: Writer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody waits for a model that has no place to go."""
    (tmp_path / "file").write_text("")
    monkeypatch.delattr(training, "train")

    result = _train(run, other_market(), "--store", str(tmp_path / "file" / "x"))

    assert result.exit_code == 1
    assert "cannot write the model store" in result.stderr


def test_damaged_aliases_are_told_too(
    run: CliRunner, other_market: Writer, tmp_path: Path
) -> None:
    """Whatever the store raises, and wherever, is one sentence."""
    _train(run, other_market())
    (tmp_path / "models" / "aliases.json").write_text("{")

    result = run.invoke(cli, ["list"])

    assert result.exit_code == 1
    assert "aliases.json" in result.stderr


def test_it_runs_as_a_module() -> None:
    """`python -m model_store` is the command."""
    told = subprocess.run(
        [sys.executable, "-m", "model_store", "--help"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert "python -m model_store" in told
    assert all(command in told for command in ("train", "list", "show"))
