"""Whatever the command, a failure is one clear sentence and an exit code."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from model_store.cli import cli
from model_store.storage.manifest import CARD
from model_store.store import ModelStore
from tests.model_store.commands.training import SECOND, train
from tests.model_store.conftest import Writer


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["show"], 1, "train or promote a model"),
        (["show", "nonsense"], 1, "no model version 'nonsense'"),
        (["list", "--store", "nonsense://bucket"], 1, "expected a folder"),
        (["promote", "20200101-00000001"], 1, "no model version"),
        (["rollback"], 1, "no previous champion"),
        (["key"], 1, "no signing key"),
        (["promote", "x", "--as", "previous"], 2, "'champion', 'challenger'"),
        (["rollback", "--if-generation", "-1"], 2, "not in the range"),
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


@pytest.mark.parametrize("command", ["show", "promote", "diff"])
def test_a_version_that_is_refused_has_an_exit_code(
    run: CliRunner, two: ModelStore, command: str
) -> None:
    """Whether it was damaged or nobody trusted has signed it."""
    (Path(two.url) / SECOND / CARD).write_text("{}")

    result = run.invoke(cli, [command, SECOND])

    assert result.exit_code == 4
    assert f"{SECOND}: card.json not as MANIFEST.json says" in result.stderr


def test_a_setting_that_cannot_be_used_is_named_without_its_value(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands there may be the wrong half of a key."""
    monkeypatch.setenv("KERBSIDE_TRUSTED_KEYS", "hunter2")

    result = run.invoke(cli, ["list"])

    assert result.exit_code == 2
    assert "KERBSIDE_TRUSTED_KEYS: expected public keys" in result.stderr
    assert "hunter2" not in result.stderr


def test_damaged_aliases_are_told_too(
    run: CliRunner, other_market: Writer, tmp_path: Path
) -> None:
    """Whatever the store raises, and wherever, is one sentence."""
    train(run, other_market())
    (tmp_path / "models" / "aliases.json").write_text("{")

    result = run.invoke(cli, ["list"])

    assert result.exit_code == 1
    assert "aliases.json" in result.stderr


def test_it_runs_as_a_module() -> None:
    """`python -m model_store` is `kerbside model`, and says so."""
    told = subprocess.run(
        [sys.executable, "-m", "model_store", "--help"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert "Usage: kerbside model" in told
    commands = (
        "train",
        "list",
        "show",
        "promote",
        "rollback",
        "dismiss",
        "diff",
        "key",
    )
    assert all(command in told for command in commands)
    assert "Exit codes:" in told
