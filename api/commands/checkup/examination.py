"""Runs all checks at once, each in its own time, whatever becomes of the others."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import redis

from api.commands.checkup.finding import Finding, NoRedis, Status, Target

Check = Callable[[Target], Iterator[Finding]]


def examine(
    checks: Mapping[str, Check], target: Target, *, limit_s: float
) -> Iterator[Finding]:
    """Yield what the checks find, in their order, `limit_s` seconds later at most."""
    begun = [_Begun(name, check, target) for name, check in checks.items()]
    until = time.monotonic() + limit_s
    for one in begun:
        yield from one.findings(until, limit_s)


@dataclass(slots=True)
class _Begun:
    """A check that runs in a thread of its own."""

    name: str
    check: Check
    target: Target
    _found: list[Finding] = field(default_factory=list)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        # A daemon: what hangs for ever does not hold up the end of the process.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def findings(self, until: float, limit_s: float) -> list[Finding]:
        """Return what has been found by then."""
        self._thread.join(max(0.0, until - time.monotonic()))
        found = list(self._found)
        if self._thread.is_alive():
            found.append(self._hangs(limit_s))
        return found

    def _run(self) -> None:
        try:
            self._found.extend(self.check(self.target))
        except (NoRedis, redis.RedisError):
            self._found.append(self._unknown())
        except OSError as error:
            self._found.append(self._barred(error))
        except Exception as error:  # noqa: BLE001 - one fault must not hide the rest
            self._found.append(self._broken(error))

    def _hangs(self, limit_s: float) -> Finding:
        return Finding(
            check=self.name,
            status=Status.FAILED,
            found=f"no answer within {limit_s:g} s",
            expected="an answer",
            remedy="Look at what it asks: a network, a disk, a server under load."
            " --timeout gives it more seconds.",
        )

    def _unknown(self) -> Finding:
        return Finding(
            check=self.name,
            status=Status.WARNING,
            found="not known while Redis does not answer",
            expected="an answer of Redis",
            remedy="Mend what is said of Redis first.",
        )

    def _barred(self, error: OSError) -> Finding:
        return Finding(
            check=self.name,
            status=Status.FAILED,
            found=f"{error.filename or 'not known'}: {error.strerror or error}",
            expected="what this user may look at",
            remedy="Run it as the user of the service.",
        )

    def _broken(self, error: Exception) -> Finding:
        return Finding(
            check=self.name,
            status=Status.FAILED,
            found=f"the check itself failed: {type(error).__name__}: {error}",
            expected="an answer, good or bad",
            remedy="Report this with the output of `kerbside --version`.",
        )
