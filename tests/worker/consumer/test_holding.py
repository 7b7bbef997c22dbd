"""Which jobs the batch thread has in hand, and for how long."""

import time
from collections.abc import Sequence

import pytest
import redis as redis_py

from tests.patience import wait_until
from tests.worker.conftest import claimed, tend
from tests.worker.consumer.models import Models, Run, StateOf, Submit
from worker import consumer, keys, ledger, pauses, predictors
from worker.jobs import State
from worker.keys import PREDICTIONS
from worker.leases import Lease


def test_a_worker_whose_hand_is_full_of_parked_jobs_leaves_the_others(
    run: Run,
    models: Models,
    submit: Submit,
    state: StateOf,
    redis: redis_py.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another worker may have their version."""
    monkeypatch.setattr(consumer, "_PARKED_MAX", 3)
    jobs = [submit() for _ in range(5)]
    run(batch_max=2)
    running = f"kerbside:running:{PREDICTIONS}"
    wait_until(lambda: redis.zcard(running) == 3)
    time.sleep(0.2)
    assert redis.llen(PREDICTIONS) == 2
    models.gate.set()
    wait_until(lambda: {state(job).state for job in jobs} == {State.SUCCEEDED})


def test_a_crashed_job_is_held_with_nothing_else(
    run: Run,
    models: Models,
    submit: Submit,
    state: StateOf,
    book: ledger.Ledger,
    redis: redis_py.Redis,
) -> None:
    """It waits for what is parked and, once parked, lets nothing else be claimed."""
    running = f"kerbside:running:{PREDICTIONS}"
    crashed = submit(version="late")
    assert claimed(book) == [crashed.id]
    redis.zadd(running, {crashed.id: 1})
    tend(book, redis)
    champion = submit(version=models.champion)

    run()
    wait_until(lambda: state(crashed).state is State.RUNNING)
    time.sleep(0.2)
    assert state(champion).state is State.QUEUED
    models.gate.set()
    wait_until(lambda: state(champion).state is State.SUCCEEDED)
    assert state(crashed).state is State.SUCCEEDED


def test_a_worker_with_parked_jobs_takes_no_crashed_one(
    run: Run,
    models: Models,
    submit: Submit,
    state: StateOf,
    book: ledger.Ledger,
    redis: redis_py.Redis,
) -> None:
    """Either might end the process, and the other would be counted a crash for it."""
    running = f"kerbside:running:{PREDICTIONS}"
    parked = submit(version="late")
    run()
    wait_until(lambda: state(parked).state is State.RUNNING)
    pauses.begin(redis, PREDICTIONS)
    crashed = submit(version=models.champion)
    redis.hset(keys.job_key(crashed.id), "crashes", 1)
    pauses.end(redis, PREDICTIONS)
    time.sleep(0.2)
    assert redis.zrange(running, 0, -1) == [parked.id.encode()]
    models.gate.set()
    wait_until(lambda: state(crashed).state is State.SUCCEEDED)
    assert state(parked).state is State.SUCCEEDED


def test_leases_are_renewed_between_the_batches_of_a_version(
    run: Run,
    models: Models,
    submit: Submit,
    state: StateOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Many jobs may wait for it, and a later batch outlasts the earlier ones."""
    renewed: list[int] = []
    sound = ledger.Ledger.renew

    def renew(book: ledger.Ledger, lane: str, leases: Sequence[Lease]) -> int:
        if models.gate.is_set():
            renewed.append(len(leases))
        return sound(book, lane, leases)

    monkeypatch.setattr(ledger.Ledger, "renew", renew)
    jobs = [submit() for _ in range(3)]
    # So short a lease is due at each look.
    step = run(batch_max=1, lease_s=1e-9)
    wait_until(lambda: step.info()["batch_consumer"]["in_hand"] == 3)
    models.gate.set()
    wait_until(lambda: {state(job).state for job in jobs} == {State.SUCCEEDED})
    assert renewed[-3:] == [3, 2, 1]


def test_parked_leases_are_renewed_while_there_is_no_champion(
    run: Run, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are still in this worker's hand."""
    step = run(lease_s=1e-9)
    job = submit()
    wait_until(lambda: step.info()["batch_consumer"]["in_hand"] == 1)
    monkeypatch.setattr(predictors.Predictors, "ready", False)
    renewed: list[Sequence[Lease]] = []
    monkeypatch.setattr(
        ledger.Ledger, "renew", lambda _, __, leases: renewed.append(leases)
    )
    # The first may still be of a turn that found a champion.
    wait_until(lambda: len(renewed) >= 2)
    assert [lease.id for lease in renewed[-1]] == [job.id]
