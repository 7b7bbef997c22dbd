"""The commands that change aliases say what the aliases are afterwards."""

import json

import pytest
from click.testing import CliRunner

from model_store.cli import cli
from model_store.store import ModelStore
from tests.model_store.commands.training import SECOND


def test_a_promotion_and_its_rollback_print_the_aliases(
    run: CliRunner, two: ModelStore
) -> None:
    """The generation in the answer is the one that the next change may insist on."""
    first = two.resolve("champion")

    promoted = run.invoke(cli, ["promote", SECOND, "--json", "--if-generation", "1"])
    back = run.invoke(cli, ["rollback", "--json", "--if-generation", "2"])
    table = run.invoke(cli, ["promote", SECOND, "--as", "challenger"])

    assert json.loads(promoted.stdout) == {
        "generation": 2,
        "champion": SECOND,
        "challenger": None,
        "previous": first,
        "share": 0,
    }
    assert json.loads(back.stdout)["champion"] == first
    assert two.resolve("challenger") == SECOND
    assert "generation" in table.stdout


def test_a_challenger_is_given_a_share_and_dismissed(
    run: CliRunner, two: ModelStore
) -> None:
    """`aliases` shows it meanwhile."""
    tried = ["promote", SECOND, "--as", "challenger", "--share", "5", "--json"]
    assert json.loads(run.invoke(cli, tried).stdout)["share"] == 5

    shown = json.loads(run.invoke(cli, ["aliases", "--json"]).stdout)
    left = json.loads(run.invoke(cli, ["dismiss", "--json"]).stdout)

    assert (shown["challenger"], shown["share"]) == (SECOND, 5)
    assert (left["challenger"], left["share"]) == (None, 0)
    assert left["generation"] == shown["generation"] + 1


@pytest.mark.parametrize("command", [["promote", SECOND], ["rollback"], ["dismiss"]])
def test_aliases_that_changed_meanwhile_have_an_exit_code(
    run: CliRunner, two: ModelStore, command: list[str]
) -> None:
    """A script that decided on what is no longer so can tell that from a fault."""
    two.promote(SECOND)
    before = two.aliases()

    result = run.invoke(cli, [*command, "--if-generation", "1"])

    assert result.exit_code == 3
    assert "at generation 2, expected 1" in result.stderr
    assert two.aliases() == before
