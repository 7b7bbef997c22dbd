"""Laws of `kerbside drift`."""

import json
from pathlib import Path

import pytest

from api.schemas import DriftReport
from model_store.count_layout import HOUSES, CountLayout
from model_store.store import ModelStore
from tests.api.conftest import Run
from worker.connection import connect
from worker.seen import SeenHouses
from worker.settings import WorkerSettings


@pytest.fixture
def here(redis_url: str, store: ModelStore, settings: WorkerSettings) -> dict[str, str]:
    """Count 500 houses without a year, and return where they are."""
    version = store.resolve("champion")
    features = {
        one.feature.name: one for one in CountLayout(store.card(version)).features
    }
    counts = {HOUSES: 500, features["yr_built"].missing: 500}
    client = connect(settings.redis_url, role="worker")
    SeenHouses(client, settings).add(version, counts)
    client.close()
    return {
        "KERBSIDE_REDIS_URL": redis_url,
        "KERBSIDE_STORE_URL": store.url,
        "KERBSIDE_TRUSTED_KEYS": " ".join(store.trust.keys or ()),
    }


def test_it_shows_what_has_changed_and_how_far(run: Run, here: dict[str, str]) -> None:
    """A line for each feature."""
    shown = run("drift", "--window", "1d", **here)

    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith("500 houses that ")
    (line,) = [one for one in shown.stdout.splitlines() if "yr_built" in one]
    assert line.split()[1:3] == ["drift", "missing"]
    assert "100.0%" in line


def test_json_is_what_the_api_answers(run: Run, here: dict[str, str]) -> None:
    """With the same fields."""
    told = run("drift", "--json", "--window", "7d", **here).stdout

    report = DriftReport.model_validate_json(told)
    assert (report.window, report.houses) == ("7d", 500)
    assert set(json.loads(told)) == {
        field.alias or name for name, field in DriftReport.model_fields.items()
    }


def test_a_report_is_written_to_a_file(
    run: Run, here: dict[str, str], tmp_path: Path
) -> None:
    """And nothing else is printed."""
    path = tmp_path / "drift.html"
    shown = run("drift", "--html", str(path), **here)

    assert (shown.exit_code, shown.stdout) == (0, "")
    assert "changed: missing" in path.read_text(encoding="utf-8")


def test_a_version_that_there_is_not_is_told(run: Run, here: dict[str, str]) -> None:
    """In a sentence."""
    shown = run("drift", "--version", "nobody", **here)

    assert shown.exit_code == 1
    assert "nobody" in shown.stderr
