"""The commands train, list and show, and fail with one clear sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from model_store import training
from model_store.cli import cli
from model_store.settings import ModelSettings
from model_store.storage import signing
from model_store.storage.manifest import CARD
from model_store.store import ModelStore
from tests.model_store.conftest import Writer
from tests.model_store.markets import QUICK
from tests.small_model import KEY, changed

SECOND = "20200101-00000002"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Return a runner with a store of its own, and make every model small."""
    monkeypatch.setattr(training, "Recipe", lambda: QUICK)
    monkeypatch.setenv("KERBSIDE_STATE_DIR", str(tmp_path))
    return CliRunner()


@pytest.fixture
def two(tmp_path: Path, made: dict[str, bytes], run: CliRunner) -> ModelStore:
    """Return the runner's store with a champion and another version in it."""
    settings = ModelSettings(state_dir=tmp_path)
    key = signing.own_key(settings)
    store = ModelStore.from_settings(settings)
    store.promote(store.publish(changed(made, key=key)))
    store.publish(changed(made, key=key, version=SECOND))
    return store


def _train(run: CliRunner, definition: Path, *options: str) -> Result:
    return run.invoke(cli, ["train", "--data", str(definition), *options])


def test_the_first_model_becomes_the_champion(
    run: CliRunner, other_market: Writer, tmp_path: Path
) -> None:
    """A second model waits to be promoted, unless the command says otherwise."""
    store = ModelStore.from_settings(ModelSettings(state_dir=tmp_path))
    definition = other_market()

    first = json.loads(_train(run, definition, "--json").stdout)
    second = json.loads(_train(run, definition, "--json", "--seed", "1").stdout)

    assert store.resolve("champion") == first["version"]
    assert set(store.versions()) == {first["version"], second["version"]}
    _train(run, definition, "--seed", "1", "--promote")
    assert store.resolve("champion") == second["version"]


def test_a_champion_may_be_trained_only_where_there_is_none(
    run: CliRunner,
    other_market: Writer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A job that starts every installation trains once, and needs no key later."""
    definition = other_market()

    first = json.loads(_train(run, definition, "--unless-champion", "--json").stdout)
    monkeypatch.delattr(training, "train")
    (tmp_path / "signing-key.pem").unlink()
    again = _train(run, definition, "--unless-champion", "--json")

    assert again.exit_code == 0
    assert json.loads(again.stdout) == first


def test_a_champion_that_is_not_trusted_is_none_that_serves(
    run: CliRunner, other_market: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for a first model hears that the workers would refuse it."""
    definition = other_market()
    _train(run, definition)
    monkeypatch.setenv("KERBSIDE_TRUSTED_KEYS", f"ed25519:{'A' * 43}=")

    assert _train(run, definition, "--unless-champion").exit_code == 4


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
    }
    assert json.loads(back.stdout)["champion"] == first
    assert two.resolve("challenger") == SECOND
    assert "generation" in table.stdout


@pytest.mark.parametrize("command", [["promote", SECOND], ["rollback"]])
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


@pytest.mark.parametrize("command", ["show", "promote", "diff"])
def test_a_version_that_is_refused_has_an_exit_code(
    run: CliRunner, two: ModelStore, command: str
) -> None:
    """Whether it was damaged or nobody trusted has signed it."""
    (Path(two.url) / SECOND / CARD).write_text("{}")

    result = run.invoke(cli, [command, SECOND])

    assert result.exit_code == 4
    assert f"{SECOND}: card.json not as MANIFEST.json says" in result.stderr


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


def test_a_key_is_made_once_and_only_its_public_half_printed(
    run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Versions that a key has signed outlive a second call."""
    path = tmp_path / "keys" / "signing.pem"
    monkeypatch.setenv("KERBSIDE_SIGNING_KEY_FILE", str(path))

    made = json.loads(run.invoke(cli, ["key", "--create", "--json"]).stdout)
    again = json.loads(run.invoke(cli, ["key", "--create", "--json"]).stdout)
    printed = run.invoke(cli, ["key"]).stdout

    assert made == {"public_key": printed.strip(), "file": str(path), "created": True}
    assert again == made | {"created": False}
    assert signing.SigningKey.load(path).public == printed.strip()


def test_a_key_that_was_named_and_is_not_there_is_told_before_the_training(
    run: CliRunner,
    other_market: Writer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No other key takes its place."""
    monkeypatch.setenv("KERBSIDE_SIGNING_KEY_FILE", str(tmp_path / "gone.pem"))
    monkeypatch.delattr(training, "train")

    result = _train(run, other_market())

    assert result.exit_code == 1
    assert "kerbside model key --create" in result.stderr


def test_a_setting_that_cannot_be_used_is_named_without_its_value(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands there may be the wrong half of a key."""
    monkeypatch.setenv("KERBSIDE_TRUSTED_KEYS", "hunter2")

    result = run.invoke(cli, ["list"])

    assert result.exit_code == 2
    assert "KERBSIDE_TRUSTED_KEYS: expected public keys" in result.stderr
    assert "hunter2" not in result.stderr


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
    """`python -m model_store` is `kerbside model`, and says so."""
    told = subprocess.run(
        [sys.executable, "-m", "model_store", "--help"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert "Usage: kerbside model" in told
    commands = ("train", "list", "show", "promote", "rollback", "diff", "key")
    assert all(command in told for command in commands)
    assert "Exit codes:" in told
