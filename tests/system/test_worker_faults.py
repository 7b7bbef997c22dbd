"""What a worker survives that nobody should do to it."""

import uuid
from collections.abc import Callable

import orjson
import pytest
import redis as redis_py

from tests.patience import wait_until
from tests.system.conftest import Start, Submit
from tests.worker.conftest import tend
from worker import ledger, queue
from worker.jobs import Detail, Job, State, Submission
from worker.keys import PREDICTIONS

RUNNING = f"kerbside:running:{PREDICTIONS}"


def test_a_version_whose_load_fails_holds_up_no_other(
    start_worker: Start,
    submit: Submit,
    front_desk: queue.Queue,
    finished: Callable[[str], Job],
) -> None:
    """Its jobs fail; given back they would come first again for ever."""
    broken = _of_version("broken")
    front_desk.submit(broken)
    good = submit(number=2)

    start_worker()

    assert finished(good.id).state is State.SUCCEEDED
    failed = finished(broken.id)
    assert (failed.state, failed.detail) == (State.FAILED, Detail.MODEL_ERROR)
    assert failed.error == "Model version broken cannot be loaded."


def test_a_slow_load_holds_up_no_other_version_and_is_no_stall(
    start_worker: Start,
    submit: Submit,
    front_desk: queue.Queue,
    finished: Callable[[str], Job],
) -> None:
    """The champion's houses are priced meanwhile, the others when it is loaded."""
    worker = start_worker(KERBSIDE_STALL_S="1", KERBSIDE_LEASE_S="1")
    late = front_desk.submit(_of_version("slow")).job
    soon = [submit(number=number) for number in range(3)]

    for job in soon:
        assert finished(job.id).state is State.SUCCEEDED
    assert front_desk.find("acme", late.id).state is State.RUNNING
    after = finished(late.id)
    assert (after.state, after.attempts) == (State.SUCCEEDED, 1)
    assert worker.poll() is None


@pytest.mark.parametrize("version", ["slow", "hanging"])
def test_a_stop_gives_back_what_waits_for_its_version(
    start_worker: Start, front_desk: queue.Queue, version: str
) -> None:
    """Another worker may have it; a load that never ends ends with the process."""
    worker = start_worker(KERBSIDE_DRAIN_S="0.2")
    job = front_desk.submit(_of_version(version)).job
    wait_until(lambda: front_desk.find("acme", job.id).state is State.RUNNING)
    worker.terminate()
    assert worker.wait(10) == 0
    after = front_desk.find("acme", job.id)
    assert (after.state, after.crashes) == (State.RETRYING, 0)


def test_a_killer_of_a_version_that_must_load_is_cornered(
    start_worker: Start,
    submit: Submit,
    front_desk: queue.Queue,
    book: ledger.Ledger,
    redis: redis_py.Redis,
) -> None:
    """What is claimed while its version loads does not die with it."""
    houses = [front_desk.submit(_of_version("late")).job for _ in range(10)]
    killer = front_desk.submit(_of_version("late", kills=True)).job
    houses += [front_desk.submit(_of_version("late")).job for _ in range(10)]
    houses += [submit() for _ in range(10)]

    def states() -> dict[str, State]:
        jobs = (killer, *houses)
        return {job.id: front_desk.find("acme", job.id).state for job in jobs}

    def is_over() -> bool:
        return all(state.is_terminal for state in states().values())

    def run_a_worker() -> None:
        worker = start_worker()
        wait_until(lambda: worker.poll() is not None or is_over())
        held = [job for job, state in states().items() if state is State.RUNNING]
        if held:
            redis.zadd(RUNNING, dict.fromkeys(held, 1))
            tend(book, redis)

    while not is_over():
        run_a_worker()

    dead = front_desk.find("acme", killer.id)
    assert (dead.detail, dead.attempts) == (Detail.DEAD, 3)
    assert {states()[house.id] for house in houses} == {State.SUCCEEDED}


def _of_version(version: str, **house: object) -> Submission:
    return Submission(
        id=str(uuid.uuid4()),
        tenant="acme",
        model="stand-in",
        version=version,
        input=orjson.dumps({"number": 1} | house),
    )
