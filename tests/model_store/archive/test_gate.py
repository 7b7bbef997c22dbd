"""A silent database holds a few threads, and never all of a service."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from model_store.archive.archive import Archive
from model_store.archive.gate import Gate
from model_store.errors import ArchiveTooSlow, ArchiveUnavailable
from tests.clock import Clock
from tests.patience import PATIENCE_S


def test_a_silent_database_holds_a_few_threads(clock: Clock) -> None:
    """Whoever comes then is told at once, and is answered once it speaks again."""
    gate = Gate(clock=clock, patience_s=0.01)
    asked, answers = threading.Semaphore(0), threading.Event()

    def ask() -> None:
        with gate.passed():
            asked.release()
            assert answers.wait(PATIENCE_S)

    with ThreadPoolExecutor(8) as held:
        waiting = [held.submit(ask) for _ in range(8)]
        for _ in waiting:
            assert asked.acquire(timeout=PATIENCE_S)
        with pytest.raises(ArchiveUnavailable, match="8 others wait"):
            ask()
        answers.set()

    for one in waiting:
        one.result()
    ask()


def test_who_asks_a_database_that_is_away_is_answered_at_once(clock: Clock) -> None:
    """One finds out; until two seconds later nobody waits for it, whatever he asks."""
    away = Archive("sqlite:////nowhere/archive.db", gate=Gate(clock=clock))
    with pytest.raises(ArchiveUnavailable, match="unable to open"):
        away.predictions.get("x")

    for ask in (away.check, away.outcomes.days, lambda: away.audit.append([])):
        with pytest.raises(ArchiveUnavailable, match="a moment ago"):
            ask()

    clock.seconds += 2
    with pytest.raises(ArchiveUnavailable, match="unable to open"):
        away.reports.get("x")


def test_a_question_that_takes_too_long_keeps_nobody_else_out() -> None:
    """It is its own fault."""
    gate = Gate()

    with pytest.raises(ArchiveTooSlow), gate.passed():
        raise ArchiveTooSlow
    with gate.passed():
        pass
