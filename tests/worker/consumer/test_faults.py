"""What the batch thread does where a model, the store or Redis fails it."""

import os
import time
from pathlib import Path
from typing import Any, NoReturn

import pytest
import redis as redis_py

from model_store.errors import StoreError
from tests.patience import wait_until
from tests.worker.consumer.models import Models, Run, StateOf, Submit
from worker import health, ledger, parking, store_thread
from worker.jobs import State


def test_jobs_of_a_version_that_hangs_are_given_back_and_the_worker_ends(
    run: Run,
    models: Models,
    submit: Submit,
    state: StateOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody can end a hung thread; the jobs are not held up by it, nor counted."""
    ended: list[int] = []

    def end(status: int) -> None:
        ended.append(status)
        models.gate.wait(10)

    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(store_thread, "_HANGS_S", 0.2)
    job = submit()
    run()
    wait_until(lambda: bool(ended))
    assert ended == [health.EXIT_STALLED]
    assert state(job).state is State.RETRYING
    assert state(job).crashes == 0


def test_a_store_that_cannot_be_read_fails_no_job_and_spins_no_worker(
    run: Run,
    models: Models,
    submit: Submit,
    state: StateOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The jobs go back for others; who takes them again waits as patiently."""
    monkeypatch.setattr(parking, "_PATIENCE_S", 0.2)
    monkeypatch.setattr(parking, "_RETRY_S", 0.05)
    models.error = StoreError("away")
    models.gate.set()
    job = submit()
    began = time.monotonic()
    run()
    wait_until(lambda: state(job).attempts == 4)
    assert time.monotonic() - began >= 3 * 0.2
    assert not state(job).state.is_terminal
    models.error = None
    wait_until(lambda: state(job).state is State.SUCCEEDED)
    assert state(job).crashes == 0


@pytest.mark.parametrize("gone", [False, True])
def test_a_fault_that_does_not_pass_is_told_and_is_no_progress(
    run: Run,
    redis: redis_py.Redis,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    *,
    gone: bool,
) -> None:
    """A wrong type stays; the outage of a server passes."""
    monkeypatch.setattr(health, "_LOOK_EVERY_S", 0.05)
    run(health_dir=tmp_path, batch_max=1)
    file = tmp_path / "w@test.alive"
    answer = "MISCONF its disk is full" if gone else "WRONGTYPE no list"

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise redis_py.ResponseError(answer)

    monkeypatch.setattr(ledger.Ledger, "claim", refuse)
    wait_until(lambda: answer in caplog.text)
    before = file.stat().st_mtime_ns
    time.sleep(0.3)
    assert (file.stat().st_mtime_ns > before) is gone
