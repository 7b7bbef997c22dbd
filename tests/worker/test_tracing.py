"""What came with a job goes on with it, whether or not anybody records."""

import importlib.util
import subprocess
import sys

import pytest
from pydantic import ValidationError

from worker import tracing
from worker.settings import WorkerSettings

GOOD = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        f"{GOOD}-more",
        f"{GOOD},{GOOD}",
        f"{GOOD}\n",
        f" {GOOD}",
    ],
)
def test_what_is_formed_otherwise_is_none(header: str | None) -> None:
    """So what is kept of it is bounded to 55 characters."""
    assert tracing.parsed(header) is None


@pytest.mark.parametrize("flags", ["00", "01", "ff"])
def test_what_is_formed_well_is_taken_as_it_is(flags: str) -> None:
    """Sampled or not."""
    header = GOOD[:-2] + flags

    assert tracing.parsed(header) == header


def test_without_the_setting_nothing_is_made_of_it() -> None:
    """A job's place goes on unchanged, to the worker and to the receiver."""
    off = tracing.chosen(WorkerSettings(), "test")

    with off.sending("predictions", "id", GOOD) as carried:
        assert carried == GOOD
    assert off.request("GET", GOOD).traceparent == GOOD
    record = {b"job:traceparent": GOOD.encode()}
    assert off.delivery(record, "https://example.org/").traceparent == GOOD
    assert off.delivery({}, "https://example.org/").traceparent is None


@pytest.mark.parametrize("module", ["api.app", "worker.consumer", "worker.tasks"])
def test_without_the_setting_nothing_of_it_is_loaded(module: str) -> None:
    """Who does not trace does not pay."""
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()

    assert "worker.tracing" in loaded
    # redis-py itself loads a part of OpenTelemetry wherever that is installed.
    assert "worker.spans" not in loaded
    assert [name for name in loaded if "opentelemetry.exporter" in name] == []


def test_the_setting_without_the_extra_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When settings are read, by a sentence that says what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(ValidationError, match=r"requirements/tracing\.txt"):
        WorkerSettings.from_env({"KERBSIDE_TRACING": "1"})
    assert not WorkerSettings.from_env({"KERBSIDE_TRACING": "0"}).tracing
