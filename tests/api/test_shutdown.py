"""The laws of the end of a server process."""

import subprocess
import sys
from signal import Signals

import pytest

#: A server that installs handlers of its own afterwards, as the real one does.
_SERVER = """
import signal, sys, threading
from api import shutdown

released = threading.Event()
shutdown.at_stop_signal(released.set)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
    signal.signal(number, lambda *_: None)
print("up", flush=True)
print(released.wait(float(sys.argv[1])), flush=True)
"""


@pytest.mark.parametrize(
    ("number", "within_s", "is_released"),
    [
        (Signals.SIGTERM, 20, True),
        (Signals.SIGINT, 20, True),
        (Signals.SIGUSR1, 0.3, False),
    ],
)
def test_a_stop_is_noticed_whoever_handles_the_signal(
    number: Signals, within_s: float, *, is_released: bool
) -> None:
    """And no other signal is taken for one."""
    command = (sys.executable, "-c", _SERVER, str(within_s))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)

        assert process.stdout.readline() == f"{is_released}\n"
