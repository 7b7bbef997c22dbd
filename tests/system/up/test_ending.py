"""How `kerbside up` ends, and what becomes of parts that end by themselves."""

import contextlib
import http.client
import os
import signal
from functools import partial
from http import HTTPStatus

from tests.patience import wait_until
from tests.system.up.process import PROCESSES, Start, Up


def test_a_killed_up_leaves_no_process_and_can_be_started_again(
    start_up: Start,
) -> None:
    """The kernel ends all of them; keys and jobs are still there afterwards."""
    first = start_up()
    first.await_start()
    wait_until(lambda: len(first.pids()) == PROCESSES)
    first.end(signal.SIGKILL)
    second = start_up("--once")
    wait_until(lambda: not first.pids(), timeout_s=15)
    second.await_start()
    second.process.communicate(timeout=60)

    assert second.process.returncode == 0
    assert second.told["api_key"] == first.told["api_key"]
    assert second.told["flower"]["password"] == first.told["flower"]["password"]


def test_every_killed_part_is_started_again(start_up: Start) -> None:
    """The service comes back by itself and says what happened."""
    up = start_up()
    up.await_start()
    wait_until(lambda: len(up.pids()) == PROCESSES)
    for part in ("granian", "predictions-1@", "valkey-server"):
        before = up.pids(part)
        os.kill(min(before), signal.SIGKILL)
        wait_until(partial(_is_replaced, up, part, before))
    wait_until(partial(_is_ready, up))

    told = up.end(signal.SIGINT)

    assert up.process.returncode == 0, told
    for name in ("api", "predictions-1", "redis"):
        assert f"{name} was ended by SIGKILL" in told
    assert up.pids() == set()


def _is_replaced(up: Up, part: str, before: set[int]) -> bool:
    now = up.pids(part)
    return bool(now) and not now & before


def _is_ready(up: Up) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        return up.get(up.told["url"] + "/readyz")[0] == HTTPStatus.OK
    return False


def test_a_stop_before_all_is_up_says_so(start_up: Start) -> None:
    """Whoever waits for `--once` is not told that houses were priced."""
    up = start_up("--once")
    wait_until(lambda: up.pids("predictions-1@"))

    told = up.end(signal.SIGTERM)

    assert up.process.returncode == 128 + signal.SIGTERM, told
    assert up.pids() == set()


def test_a_second_ctrl_c_ends_everything_at_once(start_up: Start) -> None:
    """The exit code tells that it was not in order."""
    up = start_up()
    up.await_start()
    (worker,) = up.pids("predictions-1@")
    os.kill(worker, signal.SIGSTOP)  # it would hold up the stop for its grace
    up.process.send_signal(signal.SIGINT)
    wait_until(lambda: not up.pids("granian"))

    told = up.end(signal.SIGINT)

    assert up.process.returncode == 128 + signal.SIGINT, told
    assert up.pids() == set()
