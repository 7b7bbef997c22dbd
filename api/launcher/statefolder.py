"""The folder in which one installation keeps everything that it has on a machine."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from api.launcher.faults import AlreadyRunning, StateFolderUnusable
from worker.supervision import lockfile, secretfile

#: Written once to see whether the disk takes it.
PROBE_BYTES = 65_536

#: A killed supervisor's children end at once, their last work within this time.
LEFTOVERS_WAIT_S = 20.0


@dataclass(frozen=True, slots=True)
class StateFolder:
    """Where things are in a state folder."""

    path: Path

    @classmethod
    def prepare(cls, path: Path) -> Self:
        """Make the folder if it is not there.

        Raises:
            StateFolderUnusable: It cannot be written.
        """
        # As the kernel names it: a link would hide who holds the lock.
        state = cls(path.resolve())
        try:
            for folder in (state.path, state.logs, state.run):
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=state.path) as probe:
                probe.write(bytes(PROBE_BYTES))
        except OSError as error:
            raise StateFolderUnusable(
                f"The state folder {state.path} cannot be used: {error.strerror}."
                " Choose another one with --state-dir."
            ) from error
        return state

    @property
    def logs(self) -> Path:
        """One log file for each process."""
        return self.path / "log"

    @property
    def run(self) -> Path:
        """The working folder of the processes, empty: nothing is imported from it."""
        return self.path / "run"

    @property
    def redis(self) -> Path:
        """Everything of the embedded server."""
        return self.path / "redis"

    @property
    def beat_schedule(self) -> Path:
        """When each periodic task last ran."""
        return self.path / "beat-schedule"

    @property
    def metrics_targets(self) -> Path:
        """Where Prometheus finds the workers."""
        return self.path / "metrics-targets.json"

    @property
    def access(self) -> Path:
        """Keys and passwords of the local user, mode 0600."""
        return self.path / "access.json"

    @property
    def secret_keys(self) -> Path:
        """What seals the webhooks' secrets, mode 0600; the first seals, all open."""
        return self.path / "secret-keys"

    def note_ports(self, **numbers: int) -> None:
        """Keep where servers listen, for commands beside this `kerbside up`.

        Raises:
            StateFolderUnusable: It cannot be written.
        """
        _note(self._ports, numbers)

    def known_ports(self) -> dict[str, int]:
        """Return where servers of the last `kerbside up` listen, if there was one."""
        return secretfile.read_json(self._ports)

    def note_settings(self, values: dict[str, Any]) -> None:
        """Keep what `kerbside up` runs with that its commands have to know.

        Raises:
            StateFolderUnusable: It cannot be written.
        """
        _note(self._settings, values)

    def known_settings(self) -> dict[str, Any]:
        """Return what the last `kerbside up` ran with, if there was one."""
        return secretfile.read_json(self._settings)

    @property
    def _settings(self) -> Path:
        return self.path / "settings.json"

    @property
    def _ports(self) -> Path:
        return self.path / "ports.json"

    def is_barred(self) -> bool:
        """Tell whether an installation is there that this user may not look at."""
        return any(map(_is_barred, (self.path, self.redis, self._ports)))

    def log(self, name: str) -> Path:
        """Return the log file of a process."""
        return self.logs / f"{name}.log"

    @contextlib.contextmanager
    def locked(self) -> Iterator[int]:
        """Own the folder; children that inherit the handle own it too.

        Raises:
            AlreadyRunning: Another `kerbside up` owns it.
        """
        path = self.path / "up.lock"
        handle = lockfile.acquire(path)
        if handle is None:
            owner = secretfile.read_json(path).get("pid", 0)
            if not _is_alive(owner):  # killed; its children are just ending
                handle = lockfile.acquire(path, wait_s=LEFTOVERS_WAIT_S)
            if handle is None:
                raise AlreadyRunning(_explained(path, owner))
        try:
            os.truncate(handle, 0)
            os.pwrite(handle, f'{{"pid": {os.getpid()}}}\n'.encode(), 0)
            yield handle
        finally:
            os.close(handle)


def _note(path: Path, record: dict[str, Any]) -> None:
    try:
        secretfile.write_json(path, record)
    except OSError as error:
        raise StateFolderUnusable(f"{path}: {error.strerror}.") from error


def _is_barred(path: Path) -> bool:
    try:
        is_folder = path.is_dir()
        return path.exists() and not os.access(path, os.R_OK | is_folder * os.X_OK)
    except PermissionError:  # a folder above it may not be looked at
        return True


def _explained(lock: Path, owner: int) -> str:
    if _is_alive(owner):
        return (
            f"`kerbside up` already runs on {lock.parent} (process {owner})."
            f" Stop it with `kill {owner}`, or choose another folder with"
            " --state-dir and other ports with --port and --flower-port."
        )
    left = " ".join(map(str, lockfile.holders(lock)))
    return (
        f"`kerbside up` on {lock.parent} was killed and some of its processes still"
        f" run. End them with `kill -9 {left}`."
    )


def _is_alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
