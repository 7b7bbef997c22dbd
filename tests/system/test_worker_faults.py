"""What a worker survives that nobody should do to it."""

import uuid
from collections.abc import Callable

from tests.patience import wait_until
from tests.system.conftest import Start, Submit
from worker import queue
from worker.jobs import Detail, Job, State, Submission


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


def test_a_stop_gives_back_what_waits_for_its_version(
    start_worker: Start, front_desk: queue.Queue
) -> None:
    """Another worker may have the version, and no crash is counted."""
    worker = start_worker(KERBSIDE_DRAIN_S="0.2")
    job = front_desk.submit(_of_version("slow")).job
    wait_until(lambda: front_desk.find("acme", job.id).state is State.RUNNING)
    worker.terminate()
    assert worker.wait(10) == 0
    after = front_desk.find("acme", job.id)
    assert (after.state, after.crashes) == (State.RETRYING, 0)


def _of_version(version: str) -> Submission:
    return Submission(
        id=str(uuid.uuid4()),
        tenant="acme",
        model="stand-in",
        version=version,
        input=b'{"number":1}',
    )
