"""What a worker survives that nobody should do to it."""

import uuid
from collections.abc import Callable

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
    broken = Submission(
        id=str(uuid.uuid4()),
        tenant="acme",
        model="stand-in",
        version="broken",
        input=b'{"number":1}',
    )
    front_desk.submit(broken)
    good = submit(number=2)

    start_worker()

    assert finished(good.id).state is State.SUCCEEDED
    failed = finished(broken.id)
    assert (failed.state, failed.detail) == (State.FAILED, Detail.MODEL_ERROR)
    assert "RuntimeError" in str(failed.error)
