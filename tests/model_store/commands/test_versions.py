"""The commands list, show and diff tell of versions, refused ones too."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from model_store.cli import cli
from model_store.storage.manifest import CARD
from model_store.store import ModelStore
from tests.model_store.commands.training import SECOND
from tests.small_model import KEY


def test_versions_are_listed_with_their_aliases(
    run: CliRunner, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For people as a table, for programs as JSON."""
    options = ["--store", store.url]
    monkeypatch.setenv("KERBSIDE_TRUSTED_KEYS", KEY.public)

    table = run.invoke(cli, ["list", *options]).stdout
    listed = json.loads(run.invoke(cli, ["list", "--json", *options]).stdout)

    (row,) = listed["versions"]
    assert row["aliases"] == ["champion"]
    assert row["version"] in table
    assert listed["aliases"]["champion"] == row["version"]
    assert f"generation {listed['aliases']['generation']}" in table


def test_a_card_is_shown_by_alias_and_by_version(
    run: CliRunner, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both name the same version."""
    options = ["--json", "--store", store.url]
    monkeypatch.setenv("KERBSIDE_TRUSTED_KEYS", KEY.public)
    version = store.resolve("champion")

    by_alias = run.invoke(cli, ["show", "champion", *options])
    by_version = run.invoke(cli, ["show", version, *options])

    assert json.loads(by_alias.stdout) == store.card(version).to_dict()
    assert by_alias.stdout == by_version.stdout


def test_a_refused_version_is_listed_with_the_reason(
    run: CliRunner, two: ModelStore
) -> None:
    """One bad version hides no other."""
    (Path(two.url) / SECOND / CARD).write_text("{}")

    rows = json.loads(run.invoke(cli, ["list", "--json"]).stdout)["versions"]
    table = run.invoke(cli, ["list"])

    assert rows[1]["version"] == SECOND
    assert "card.json not as MANIFEST.json says" in rows[1]["refused"]
    assert rows[0]["aliases"] == ["champion"]
    assert "refused" in table.stdout


def test_two_cards_are_compared(run: CliRunner, two: ModelStore) -> None:
    """The champion is the other one when none is named."""
    lines = json.loads(run.invoke(cli, ["diff", SECOND, "--json"]).stdout)
    table = run.invoke(cli, ["diff", SECOND, "champion"])

    assert {line["field"]: line["change"] for line in lines}["metrics.mdape"] == 0
    assert SECOND in table.stdout
    assert two.resolve("champion") in table.stdout
    assert "metrics.mdape" in table.stdout
