"""Errands: commands of the model store that the upkeep worker runs beside its ticks.

Each is a process of its own, with a time limit of its own: the worker never loads the
model stack, and its ticks go on. Of one kind there is one at a time in an installation.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import redis
from celery.schedules import crontab
from redis.exceptions import LockError
from redis.lock import Lock

from model_store import logs
from worker import keys
from worker.metrics import Metrics
from worker.outage import words_of
from worker.settings import WorkerSettings
from worker.supervision.leash import leashed

#: When an errand is due: as cron says it, or each so many seconds; None: never.
Schedule = crontab | float | None

_PROGRAM = (sys.executable, "-m", "model_store")
#: Seconds after which another worker may take an errand from one that has died.
_LEASE_S = 30.0
#: Looks at a command within a lease; at one of them the lease is renewed.
_LOOKS = 3
#: Seconds that a command has for its end before it is killed.
_GRACE_S = 5.0
#: What is told of its output: so many lines, so long.
_LINES, _LENGTH = 200, 1000

#: Ends that somebody has to look into.
_TROUBLE = ("failed", "late", "superseded", "refused")

_log = logs.logger(__name__)

#: How a line is logged that a command logged at a level; others are warnings.
_LEVELS = {"debug": _log.debug, "info": _log.info, "error": _log.error}


@dataclass(frozen=True, slots=True)
class Errand:
    """A command that is run from time to time.

    Attributes:
        name: How it is called in logs, metrics and tasks.
        command: What follows `python -m model_store`.
        timeout_s: Seconds that it may take; then it is ended.
        schedule: Tells from the settings when it is due.
        outcomes: What its exit codes mean; any other is `failed`.
    """

    name: str
    command: Sequence[str]
    timeout_s: float
    schedule: Callable[[WorkerSettings], Schedule]
    outcomes: Mapping[int, str] = field(default_factory=lambda: {0: "done"})


#: Measures prices against realised sales.
ACCURACY = "accuracy"


def _accuracy(settings: WorkerSettings) -> Schedule:
    return settings.accuracy_every_s if settings.archive_url else None


#: In the night, on the first day of a month or on Mondays, UTC.
_TIMES = {
    "monthly": crontab(minute="0", hour="3", day_of_month="1"),
    "weekly": crontab(minute="0", hour="3", day_of_week="1"),
}

#: All errands; beat sends a task for each that has a schedule.
ERRANDS: Sequence[Errand] = (
    Errand(ACCURACY, ("accuracy", "--if-due"), 1800, _accuracy),
    Errand(
        "retrain",
        ("retrain", "--no-progress"),
        timeout_s=6 * 3600.0,
        schedule=lambda settings: _TIMES.get(settings.retrain),
        outcomes={0: "done", 6: "kept", 7: "refused", 8: "elsewhere"},
    ),
)


def due(settings: WorkerSettings) -> Mapping[str, Schedule]:
    """Return when each errand is due that is due at all."""
    schedules = {one.name: one.schedule(settings) for one in ERRANDS}
    return {name: when for name, when in schedules.items() if when is not None}


class Errands:
    """Runs errands in threads of this process.

    Args:
        client: Redis, of a worker's user.
        metrics: Where ends are counted.
        known: The errands that there are.
        program: What runs a command.
        lease_s: Seconds that an errand stays taken when its worker has died.
    """

    def __init__(
        self,
        client: redis.Redis,
        metrics: Metrics,
        *,
        known: Sequence[Errand] = ERRANDS,
        program: Sequence[str] = _PROGRAM,
        lease_s: float = _LEASE_S,
    ) -> None:
        self._client = client
        self._metrics = metrics
        self._known = {one.name: one for one in known}
        self._after: dict[str, Callable[[], None]] = {}
        self._program = program
        self._lease_s = lease_s
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def follow(self, name: str, after: Callable[[], None]) -> None:
        """Have something done each time that an errand is done.

        Args:
            name: The errand.
            after: What is done, in its thread; it raises nothing.
        """
        self._after[name] = after

    def begin(self, name: str) -> bool:
        """Run an errand unless one of its kind is under way; returns at once.

        Returns:
            Whether it was begun.

        Raises:
            redis.RedisError: Redis cannot be asked.
        """
        errand = self._known.get(name)
        if errand is None:
            _log.error("errand_unknown", errand=name, known=sorted(self._known))
            return False
        # The token goes from this thread to that of the errand.
        lock = self._client.lock(
            keys.errand_key(name), timeout=self._lease_s, thread_local=False
        )
        if self._stopping.is_set() or not lock.acquire(blocking=False):
            _log.info("errand_under_way", errand=name)
            return False
        thread = threading.Thread(
            target=self._run, args=(errand, lock), name=f"errand-{name}", daemon=True
        )
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]
        thread.start()
        return True

    def start(self) -> None:
        """Tell of trouble before there is any: a first one shows as one."""
        for name in self._known:
            for outcome in _TROUBLE:
                self._metrics.watch_errand(name, outcome)

    def stop(self) -> None:
        """End what is under way, and begin nothing more."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, errand: Errand, lock: Lock) -> None:
        began, outcome = time.monotonic(), "failed"
        try:
            outcome = self._carried_out(errand, lock)
            if outcome == "done" and errand.name in self._after:
                self._after[errand.name]()
        except OSError as error:
            _log.error("errand_not_begun", errand=errand.name, error=str(error))
        finally:
            # One that cannot be given back now ends by itself.
            with contextlib.suppress(redis.RedisError, LockError):
                lock.release()
            took_s = time.monotonic() - began
            self._metrics.errand_ended(errand.name, outcome, took_s)
            tell = _log.error if outcome in _TROUBLE else _log.info
            tell(
                "errand_ended",
                errand=errand.name,
                outcome=outcome,
                took_s=round(took_s, 1),
            )

    def _carried_out(self, errand: Errand, lock: Lock) -> str:
        """Return what became of an errand."""
        with subprocess.Popen(
            leashed(
                [*self._program, *errand.command], orphan_signal=signal.Signals.SIGKILL
            ),
            stdin=subprocess.DEVNULL,
            # Results are for who types the command: the log has what it logs.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as program:
            listener = threading.Thread(
                target=_listen, args=(errand.name, program.stderr), daemon=True
            )
            listener.start()
            reason = self._watched(program, errand, lock)
            _end(program)
            listener.join()
        return reason or errand.outcomes.get(program.returncode, "failed")

    def _watched(
        self, program: subprocess.Popen[str], errand: Errand, lock: Lock
    ) -> str | None:
        """Return why a command has to end; None when it has ended by itself."""
        latest = time.monotonic() + errand.timeout_s
        renewed = time.monotonic()
        while program.poll() is None:
            if self._stopping.wait(min(0.1, self._lease_s / _LOOKS)):
                return "stopped"
            now = time.monotonic()
            if now > latest:
                return "late"
            if now - renewed > self._lease_s / _LOOKS:
                if not _renew(lock, errand.name):
                    return "superseded"
                renewed = now
        return None


def _renew(lock: Lock, name: str) -> bool:
    """Tell whether an errand is still this worker's own."""
    try:
        lock.reacquire()
    except LockError:
        # It may have ended while Redis was away.
        return bool(lock.acquire(blocking=False))
    except redis.RedisError as error:
        # While Redis is away nobody else can begin one.
        _log.warning("errand_not_renewed", errand=name, error=words_of(error))
    return True


def _end(program: subprocess.Popen[str]) -> None:
    """End a command and all that it has started."""
    for number, patience_s in ((signal.SIGTERM, _GRACE_S), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(patience_s)


def _listen(name: str, said: IO[str] | None) -> None:
    """Log what a command says on stderr, line by line."""
    for number, line in enumerate(said or ()):
        if number < _LINES:
            _tell(name, line.strip()[:_LENGTH])
        elif number == _LINES:
            _log.warning("errand_says_too_much", errand=name, lines=_LINES)


def _tell(name: str, line: str) -> None:
    """Log a line; one that is a log line itself at its own level, with its fields."""
    record: Any = None
    with contextlib.suppress(ValueError):
        record = json.loads(line)
    if not isinstance(record, dict) or "event" not in record:
        _log.warning("errand_said", errand=name, text=line)
        return
    frame = {"time", "level", "logger", "pid", "event"}
    fields = {key: value for key, value in record.items() if key not in frame}
    level = _LEVELS.get(str(record.get("level")), _log.warning)
    level(str(record["event"]), **{**fields, "errand": name})
