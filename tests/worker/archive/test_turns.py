"""A silent archive holds a few threads, and never all of a service."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from model_store.archive.archive import Archive
from model_store.errors import ArchiveUnavailable
from tests.patience import PATIENCE_S
from worker.archived import ArchivedJobs


class Silent:
    """Answers nobody until it is told to."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.answers = threading.Event()

    def get(self, _: str) -> None:
        """Wait."""
        self.asked.release()
        assert self.answers.wait(PATIENCE_S)


def test_a_silent_archive_holds_a_few_threads(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes then is told at once, and is answered once it speaks again."""
    now, silent = [0.0], Silent()
    monkeypatch.setattr(archive.predictions, "get", silent.get)
    jobs = ArchivedJobs(archive, clock=lambda: now[0], patience_s=0.01)

    with ThreadPoolExecutor(8) as held:
        waiting = [held.submit(jobs.record, "acme", "x") for _ in range(8)]
        for _ in waiting:
            assert silent.asked.acquire(timeout=PATIENCE_S)
        with pytest.raises(ArchiveUnavailable, match="8 others wait"):
            jobs.record("acme", "x")
        with pytest.raises(ArchiveUnavailable, match="a moment ago"):
            jobs.record("acme", "x")
        silent.answers.set()

    assert [one.result() for one in waiting] == [None] * 8
    now[0] = 3.0
    assert jobs.record("acme", "x") is None
