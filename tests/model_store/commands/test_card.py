"""The command card: what a version is, as a page."""

from pathlib import Path

from click.testing import CliRunner

from model_store.cli import cli
from model_store.store import ModelStore


def test_a_card_is_written_as_asked(
    run: CliRunner, store: ModelStore, tmp_path: Path
) -> None:
    """HTML, Markdown, both, or Markdown on stdout."""
    environment = {
        "KERBSIDE_STORE_URL": store.url,
        "KERBSIDE_TRUSTED_KEYS": " ".join(store.trust.keys),
    }
    page, text = tmp_path / "card.html", tmp_path / "card.md"

    both = ["card", "champion", "--html", str(page), "--markdown", str(text)]
    written = run.invoke(cli, both, env=environment)
    shown = run.invoke(cli, ["card"], env=environment)

    assert (written.exit_code, shown.exit_code) == (0, 0), written.output
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert text.read_text() == shown.stdout
