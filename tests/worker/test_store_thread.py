"""The thread that touches the model store."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest

from tests.clock import Clock
from tests.patience import wait_until
from worker.store_thread import StoreThread


@pytest.fixture
def gate() -> threading.Event:
    """Return what a question waits for."""
    return threading.Event()


@pytest.fixture
def thread(clock: Clock, gate: threading.Event) -> Iterator[StoreThread]:
    """Return a thread without questions."""
    thread = StoreThread(clock=clock)
    yield thread
    gate.set()
    thread.stop()


def test_an_urgent_question_comes_before_those_that_wait(
    thread: StoreThread, gate: threading.Event
) -> None:
    """Equals keep their order."""
    answered: list[int] = []
    began = threading.Event()

    def first() -> None:
        began.set()
        gate.wait(5)

    thread.ask(first)
    began.wait(5)
    promises = [thread.ask(answered.append, number) for number in range(3)]
    promises += [
        thread.ask(answered.append, number, urgent=True) for number in (10, 11)
    ]
    gate.set()
    for promise in promises:
        promise.result(5)
    assert answered == [10, 11, 0, 1, 2]


def test_an_error_is_for_who_asked(thread: StoreThread) -> None:
    """The thread goes on."""
    with pytest.raises(ZeroDivisionError):
        thread.ask(lambda: 1 // 0).result(5)
    assert thread.ask(lambda: 1).result(5) == 1


def test_a_question_without_an_answer_hangs_after_a_minute(
    thread: StoreThread, gate: threading.Event, clock: Clock
) -> None:
    """Its time counts from when it began; one that waits in line has none."""
    began = threading.Event()

    def first() -> None:
        began.set()
        gate.wait(5)

    promises = [thread.ask(first), thread.ask(lambda: None)]
    began.wait(5)
    for seconds, hangs in ((60.0, False), (1.0, True)):
        clock.seconds += seconds
        assert thread.hangs is hangs
    gate.set()
    for promise in promises:
        promise.result(5)
    wait_until(lambda: not thread.hangs)


def test_a_question_after_the_end_is_not_waited_for(thread: StoreThread) -> None:
    """Nobody will answer it."""
    thread.stop()
    with pytest.raises(CancelledError):
        thread.ask(lambda: 1).result(5)
