"""Laws of signals as messages."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from signal import Signals

import pytest

from worker.supervision.inbox import STOPPING, SignalInbox

#: Longer than any of these waits takes.
LONG_S = 20.0


@pytest.fixture
def inbox() -> Iterator[SignalInbox]:
    """Return the inbox of this process."""
    with SignalInbox() as inbox:
        yield inbox


def test_signals_are_kept_in_order_until_they_are_read(inbox: SignalInbox) -> None:
    """None acts by itself, none is lost."""
    for number in STOPPING:
        os.kill(os.getpid(), number)

    assert inbox.wait(LONG_S) == list(STOPPING)
    assert inbox.wait(0) == []


def test_the_end_of_a_child_ends_the_wait(inbox: SignalInbox) -> None:
    """With no signal to return: whoever waits looks at the children."""
    began = time.monotonic()
    with subprocess.Popen(["true"]):
        assert inbox.wait(LONG_S) == []

    assert time.monotonic() - began < LONG_S


def test_a_signal_that_was_ignored_stays_so() -> None:
    """A program under nohup outlives its terminal."""
    former = signal.signal(Signals.SIGHUP, signal.SIG_IGN)
    try:
        with SignalInbox() as inbox:
            os.kill(os.getpid(), Signals.SIGHUP)
            assert inbox.wait(0) == []
    finally:
        signal.signal(Signals.SIGHUP, former)


def test_nothing_of_it_is_left() -> None:
    """Handlers and wake-up descriptor are those of before."""
    before = [signal.getsignal(number) for number in (*STOPPING, Signals.SIGCHLD)]
    descriptor = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(descriptor)

    with SignalInbox():
        pass

    after = [signal.getsignal(number) for number in (*STOPPING, Signals.SIGCHLD)]
    assert after == before
    assert signal.set_wakeup_fd(descriptor) == descriptor
