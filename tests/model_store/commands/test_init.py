"""The command init: from a table to a definition that trains."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from model_store.cli import cli
from tests.model_store.commands.training import train
from tests.model_store.intake.tables import german, sales, write

ASKED = ("--target", "price", "--date", "date", "--currency", "USD")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Return real sales."""
    return write(sales(), tmp_path / "sales.csv")


def test_a_table_becomes_a_model_without_a_line_of_code(
    run: CliRunner, table: Path
) -> None:
    """What `init` writes, `train` takes."""
    made = run.invoke(cli, ["init", str(table), *ASKED])
    definition = table.with_suffix(".json")
    trained = train(run, definition, "--json")

    assert made.exit_code == 0, made.output
    assert "zipcode" in made.stdout
    assert f"kerbside model train --data {definition}" in made.stdout
    assert trained.exit_code == 0, trained.output
    assert json.loads(trained.stdout)["currency"] == "USD"


def test_what_was_found_is_told_to_scripts(run: CliRunner, tmp_path: Path) -> None:
    """Each column has what it is taken for, and why."""
    table = write(german(), tmp_path / "a.csv", sep=";", decimal=",")
    asked = ("--target", "Kaufpreis", "--date", "Verkauft am", "--json")

    told = json.loads(run.invoke(cli, ["init", str(table), *asked]).stdout)

    assert told["sales"] == 865
    assert told["definition"] == str(tmp_path / "a.json")
    zips = next(one for one in told["columns"] if one["column"] == "PLZ")
    assert (zips["taken_for"], "codes" in zips["why"]) == ("category", True)


def test_a_progress_bar_goes_to_stderr_alone(run: CliRunner, table: Path) -> None:
    """A large table takes half a minute; without a terminal none is drawn."""
    shown = run.invoke(cli, ["init", str(table), *ASKED, "--json", "--progress"])
    hidden = run.invoke(cli, ["init", str(table), *ASKED, "--json", "--force"])

    assert "100%" in shown.stderr
    assert json.loads(shown.stdout) == json.loads(hidden.stdout)
    assert hidden.stderr == ""


def test_a_definition_is_replaced_only_by_force(run: CliRunner, table: Path) -> None:
    """What its owner has filled in is not lost to a second run."""
    definition = table.with_suffix(".json")
    definition.write_text("mine")

    refused = run.invoke(cli, ["init", str(table), *ASKED])
    assert (refused.exit_code, definition.read_text()) == (2, "mine")
    assert "--force" in refused.stderr

    assert run.invoke(cli, ["init", str(table), *ASKED, "--force"]).exit_code == 0
    assert definition.read_text() != "mine"


def test_a_definition_lies_beside_its_table(run: CliRunner, table: Path) -> None:
    """It names the table without a folder."""
    elsewhere = str(table.parent.parent / "market.json")

    refused = run.invoke(cli, ["init", str(table), *ASKED, "--out", elsewhere])

    assert refused.exit_code == 2
    assert "beside its table" in refused.stderr


def test_a_bad_table_is_one_sentence_on_stderr(run: CliRunner, table: Path) -> None:
    """No traceback, no definition."""
    refused = run.invoke(
        cli, ["init", str(table), "--target", "prise", "--date", "date"]
    )

    assert refused.exit_code == 1
    assert "did you mean 'price'?" in refused.stderr
    assert not table.with_suffix(".json").exists()
