"""The command key tells the public half alone."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from model_store.cli import cli
from model_store.storage import signing


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
