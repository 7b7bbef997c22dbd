"""One process holds a lease; of one that is no more it ends."""

import json
import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from model_store.errors import LeaseHeld
from model_store.storage.lease import Lease
from model_store.storage.local_files import LocalFiles
from tests.clock import Clock

NAME = "work.lock"


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    """Return the files of a store that is not there yet."""
    return LocalFiles(tmp_path / "store")


def test_one_holds_it_at_a_time(files: LocalFiles) -> None:
    """The other is told who does, and may have it afterwards."""
    with Lease(files, NAME), pytest.raises(LeaseHeld, match=f"process {os.getpid()}"):
        Lease(files, NAME).__enter__()
    with Lease(files, NAME) as again:
        again.confirm()


def test_it_ends_with_a_holder_of_another_machine_that_says_no_more(
    files: LocalFiles, clock: Clock
) -> None:
    """By its time: nobody can look there."""
    with Lease(files, NAME, clock=clock):
        record = json.loads(files.read(NAME) or b"")
    record["host"] = "elsewhere"
    files.update(NAME, lambda _: json.dumps(record).encode())

    with pytest.raises(LeaseHeld, match="on elsewhere"):
        Lease(files, NAME, clock=clock).__enter__()
    clock.seconds += 100
    with Lease(files, NAME, clock=clock) as taken:
        taken.confirm()


def test_it_ends_at_once_with_a_process_of_this_machine(files: LocalFiles) -> None:
    """Nobody waits for who was killed."""
    child = multiprocessing.get_context("fork").Process(
        target=_hold_and_die, args=(files,)
    )
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL

    with Lease(files, NAME) as taken:
        taken.confirm()


def test_who_lost_it_is_told_before_it_does_what_only_one_may(
    files: LocalFiles,
) -> None:
    """A machine may stand still for longer than a lease lasts."""
    with Lease(files, NAME) as lost:
        files.update(NAME, lambda _: b"{}")
        with Lease(files, NAME), pytest.raises(LeaseHeld):
            lost.confirm()


@pytest.mark.parametrize("content", [b"", b"[]", b"not json", b'{"id": 1}'])
def test_a_file_that_is_no_lease_is_in_nobodys_way(
    files: LocalFiles, content: bytes
) -> None:
    """Whatever wrote it."""
    files.update(NAME, lambda _: content)

    with Lease(files, NAME) as taken:
        taken.confirm()
        assert files.read(NAME) != content


def _hold_and_die(files: LocalFiles) -> None:
    Lease(files, NAME).__enter__()
    os.kill(os.getpid(), signal.SIGKILL)
