"""Keeps a set of programs running: restarts, ordered stop, no orphans.

Everything happens in the main thread, between waits on one signal inbox: the kernel's
leash (see `worker.supervision.leash`) is held by that thread.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from signal import Signals

from worker.supervision.child import Child, ChildSpec
from worker.supervision.childlog import ChildLog
from worker.supervision.inbox import SignalInbox

#: A program that ran this long was able to start.
SETTLED_S = 10.0

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0

#: How often the sizes of logs are looked at.
HOUSEKEEPING_S = 30.0

#: How often logs are looked at when somebody follows them.
FOLLOW_S = 0.2


class SupervisorError(Exception):
    """The programs cannot be kept running.

    SupervisorError
    ├── StopRequested
    ├── StoppedAtOnce
    └── KeepsFailing
    """


class StopRequested(SupervisorError):
    """A signal asks for an ordered stop."""

    def __init__(self, number: Signals) -> None:
        super().__init__(number.name)
        self.signal = number


class StoppedAtOnce(SupervisorError):
    """Ctrl-C during the ordered stop: everything was killed."""


class KeepsFailing(SupervisorError):
    """A program ends each time shortly after its start."""

    def __init__(self, child: Child) -> None:
        times = child.spec.attempts
        often = f", {times} times in a row" if times > 1 else ""
        super().__init__(f"{child.spec.name} {child.ending()}{often}.")
        self.name = child.spec.name
        self.last_lines = child.last_lines()


@dataclass(slots=True)
class _Record:
    """What is remembered of a program across its restarts."""

    log: ChildLog
    child: Child
    failures: int = 0
    settled: bool = False
    restart_at: float | None = None
    #: What cannot be done with its log.
    log_faults: set[str] = field(default_factory=set)


class Supervisor:
    """Starts programs, starts them again when they end, and ends them in order.

    Args:
        inbox: The signals of this process.
        report: Gets a line for the user whenever something unexpected happens.
        follow: Gets the name of a program and a line that it logged.
    """

    def __init__(
        self,
        inbox: SignalInbox,
        *,
        report: Callable[[str], None],
        follow: Callable[[str, str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inbox = inbox
        self._report = report
        self._follow = follow
        self._clock = clock
        self._records: dict[str, _Record] = {}
        self._unread: list[Signals] = []
        self._housekeeping_at = clock() + HOUSEKEEPING_S

    def start(self, *specs: ChildSpec) -> None:
        """Start programs and keep them running from now on."""
        for spec in specs:
            log = ChildLog(spec.log)
            child = Child(spec, log, now=self._clock())
            self._records[spec.name] = _Record(log, child)

    @property
    def has_children(self) -> bool:
        """Tell whether there is anything to stop."""
        return bool(self._records)

    def settle(self, *names: str) -> None:
        """Count programs as able to start: they are started again without limit."""
        for name in names:
            self._records[name].settled = True

    def child(self, name: str) -> Child:
        """Return the latest process of a program."""
        return self._records[name].child

    def run_to_end(self, spec: ChildSpec) -> int:
        """Run a program once and return its exit code.

        Raises:
            StopRequested: A signal came first; the program was ended.
        """
        child = Child(spec, ChildLog(spec.log), now=self._clock())
        try:
            while not child.has_ended():
                self.run(for_s=HOUSEKEEPING_S, until=child.has_ended)
        finally:
            self._end([child])
        return child.exit_code or 0

    def run(
        self,
        *,
        for_s: float | None = None,
        until: Callable[[], bool] = lambda: False,
        every_s: float | None = None,
    ) -> bool:
        """Keep the programs running until a condition holds; tell whether it does.

        Args:
            for_s: The longest time to wait for it, by default for ever.
            until: The condition; looked at after every event.
            every_s: How often it is looked at without an event.

        Raises:
            StopRequested: A signal asks for the end.
            KeepsFailing: A program does not come up.
        """
        end = None if for_s is None else self._clock() + for_s
        while not until():
            now = self._clock()
            if end is not None and now >= end:
                return False
            self._step(min(self._next_event(), end or now + HOUSEKEEPING_S), every_s)
        return True

    def stop(self) -> None:
        """End all programs, stage by stage.

        Raises:
            StoppedAtOnce: Another Ctrl-C came while they were ending.
        """
        children = [record.child for record in self._records.values()]
        self._records.clear()
        try:
            for stage in sorted({child.spec.stage for child in children}):
                self._end(child for child in children if child.spec.stage == stage)
        finally:
            for child in children:
                child.kill()

    def _step(self, until: float, every_s: float | None) -> None:
        """Wait for something to happen and deal with it."""
        timeout = until - self._clock()
        if every_s is not None:
            timeout = min(timeout, every_s)
        if self._follow is not None:
            timeout = min(timeout, FOLLOW_S)
        stops = self._unread or self._inbox.wait(timeout)
        self._pass_on_logs()
        if stops:
            self._unread = stops[1:]
            raise StopRequested(stops[0])
        self._revive()
        self._keep_house()

    def _revive(self) -> None:
        """Note which programs have ended and start those whose time has come."""
        for record in self._records.values():
            now = self._clock()
            if record.restart_at is None and record.child.has_ended():
                record.restart_at = now + self._delay(record)
            if record.restart_at is not None and now >= record.restart_at:
                self._restart(record)

    def _restart(self, record: _Record) -> None:
        now, spec = self._clock(), record.child.spec
        try:
            record.child = Child(spec, record.log, now=now)
            record.restart_at = None
        except OSError as error:  # no memory or no process left on this machine
            record.restart_at = now + LONGEST_DELAY_S
            self._report(f"{spec.name} cannot be started: {error.strerror}")

    def _delay(self, record: _Record) -> float:
        """Return how long to wait before an ended program starts again."""
        child = record.child
        lived = self._clock() - child.started_at
        if lived >= SETTLED_S:
            record.settled, record.failures = True, 0
        record.failures += 1
        if record.failures >= child.spec.attempts and not record.settled:
            raise KeepsFailing(child)
        delay: float = min(FIRST_DELAY_S * 2 ** (record.failures - 1), LONGEST_DELAY_S)
        self._report(
            f"{child.spec.name} {child.ending()} after {lived:.1f} s;"
            f" starting it again in {delay:g} s"
        )
        return delay

    def _next_event(self) -> float:
        """Return the time at which something is to be done without a signal."""
        due = [r.restart_at for r in self._records.values() if r.restart_at is not None]
        return min([self._housekeeping_at, *due])

    def _keep_house(self) -> None:
        if self._clock() < self._housekeeping_at:
            return
        self._housekeeping_at = self._clock() + HOUSEKEEPING_S
        for record in self._records.values():
            with self._despite_its_log(record, "bound"):
                record.log.bound()

    def _pass_on_logs(self) -> None:
        if self._follow is None:
            return
        for name, record in self._records.items():
            lines: list[str] = []
            with self._despite_its_log(record, "read"):
                lines = record.log.fresh_lines()
            for line in lines:
                self._follow(name, line)

    @contextlib.contextmanager
    def _despite_its_log(self, record: _Record, action: str) -> Iterator[None]:
        """Tell once, until it is mended, what is wrong with a log; end no program."""
        try:
            yield
        except OSError as error:
            if not record.log_faults:
                self._report(f"{record.log.path} cannot be kept: {error.strerror}")
            record.log_faults.add(action)
        else:
            record.log_faults.discard(action)

    def _end(self, children: Iterable[Child]) -> None:
        """End children side by side, each within its grace."""
        left = [child for child in children if not child.has_ended()]
        asked_at = self._clock()
        for child in left:
            child.terminate()
        while left := [child for child in left if not child.has_ended()]:
            due = asked_at + min(child.spec.grace_s for child in left)
            stops, self._unread = (
                self._unread or self._inbox.wait(due - self._clock()),
                [],
            )
            if Signals.SIGINT in stops:
                raise StoppedAtOnce
            for child in left:
                if self._clock() >= asked_at + child.spec.grace_s:
                    self._report(
                        f"{child.spec.name} did not end within"
                        f" {child.spec.grace_s:g} s: killed"
                    )
                    child.kill()
