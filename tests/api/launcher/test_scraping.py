"""Where Prometheus finds the workers."""

import json
from pathlib import Path

import pytest

from api.launcher import scraping
from api.launcher.faults import StateFolderUnusable
from tests.api.launcher.test_stack import made_stack


def test_each_worker_has_a_port_of_its_own_and_prometheus_is_told(
    tmp_path: Path,
) -> None:
    """On this machine alone, whatever the lane."""
    stack = scraping.with_ports(made_stack(tmp_path))

    given = {
        worker.name: f"{worker.environment['KERBSIDE_METRICS_ADDRESS']}:"
        f"{worker.environment['KERBSIDE_METRICS_PORT']}"
        for worker in stack.workers()
    }
    noted = json.loads((tmp_path / "metrics-targets.json").read_bytes())
    assert given.keys() == {"predictions-1", "webhooks", "upkeep", "batches"}
    assert len(set(given.values())) == 4
    assert all(place.startswith("127.0.0.1:") for place in given.values())
    assert noted == [
        {"targets": [place], "labels": {"worker": name}}
        for name, place in given.items()
    ]


def test_without_ports_no_worker_answers(tmp_path: Path) -> None:
    """Whatever the environment of the launcher says: they would share its port."""
    assert {
        worker.environment["KERBSIDE_METRICS_PORT"]
        for worker in made_stack(tmp_path).workers()
    } == {"0"}


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """By the name of the file."""
    with pytest.raises(StateFolderUnusable, match=r"metrics-targets\.json: No such"):
        scraping.with_ports(made_stack(tmp_path / "away"))
