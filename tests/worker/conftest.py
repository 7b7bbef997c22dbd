"""Fixtures of the queue's tests."""

import itertools
import uuid
from collections.abc import Callable

import pytest

from worker import queue
from worker.jobs import Job, Submission

#: Model version that the made-up jobs ask for.
VERSION = "20150527-0000abcd"


def submission(**changes: object) -> Submission:
    """Return a submission of tenant `acme` with a fresh id."""
    house = next(_houses)
    fields: dict[str, object] = {
        "id": str(uuid.uuid4()),
        "tenant": "acme",
        "model": "king-county",
        "version": VERSION,
        "input": b'{"house":%d}' % house,
    }
    return Submission(**(fields | changes))  # type: ignore[arg-type] # a test's own keywords


_houses = itertools.count(1)


@pytest.fixture
def submit(front_desk: queue.Queue) -> Callable[..., Job]:
    """Return a function that submits a made-up house and returns its job."""

    def submit(**changes: object) -> Job:
        return front_desk.submit(submission(**changes)).job

    return submit
