"""A shell and a Python in which the examples of a page run one after the other."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: Seconds that one example may take.
_PATIENCE_S = 120

_INTERPRETER = Path(__file__).with_name("interpreter.py")

#: Where an answer with an error status is a failure, as it is to most readers.
_CURL = """\
#!/bin/sh
exec {curl} --silent --show-error --fail-with-body "$@"
"""


@dataclass(frozen=True)
class Outcome:
    """What an example printed, and the exit code of its last command."""

    code: int
    output: str


class Session:
    """A program that is told files to run, and keeps what they defined.

    Args:
        command: How to start it; it prints the mark and a code after each file.
        folder: Where it runs and files may be left.
        environment: All of its variables.
    """

    def __init__(
        self, *command: str, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self._folder = folder
        self._mark = str(uuid.uuid4())
        self._process = subprocess.Popen(
            [*command, self._mark],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, text: str) -> Outcome:
        """Run an example to its end."""
        path = self._folder / f".{uuid.uuid4()}"
        path.write_text(text, encoding="utf-8")
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(self._line(path))
            self._process.stdin.flush()
        watch = threading.Timer(_PATIENCE_S, self._process.kill)
        watch.start()
        try:
            return self._outcome()
        finally:
            watch.cancel()
            path.unlink()

    def end(self) -> None:
        """End the program."""
        self._process.kill()
        # It may have ended before it read all that it was told.
        with contextlib.suppress(BrokenPipeError), self._process:
            pass

    def _line(self, path: Path) -> str:
        return f"{path}\n"

    def _outcome(self) -> Outcome:
        printed = ""
        assert self._process.stdout
        for line in self._process.stdout:
            before, mark, code = line.partition(self._mark)
            printed += before
            if mark:
                return Outcome(int(code), printed)
        return Outcome(self._process.wait() or -1, printed)


class Shell(Session):
    """A bash; a command that fails ends it, unless the example is to fail."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        super().__init__("bash", "-s", folder=folder, environment=environment)
        self._variables = folder / ".variables"

    def run(self, text: str, *, fails: bool = False) -> Outcome:
        """Run an example, whose last command may be about to fail."""
        return super().run(text if fails else f"set -e\n{text}")

    def exported(self) -> dict[str, str]:
        """Return the variables that a program started now would get."""
        self.run(f"env -0 > {self._variables}")
        pairs = self._variables.read_text(encoding="utf-8").split("\0")
        return dict(pair.split("=", 1) for pair in pairs if pair)

    def _line(self, path: Path) -> str:
        return (
            f"source {path} </dev/null; ended=$?; set +e; "
            f"printf '%s %d\\n' {self._mark} $ended\n"
        )


class Python(Session):
    """A Python, started from a shell."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        program = (sys.executable, str(_INTERPRETER))
        super().__init__(*program, folder=folder, environment=environment)


class Terminal:
    """A program that runs until the reader has come to the end of the page."""

    def __init__(self, text: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.told = f"it has ended by itself: {text}"
        self._process = subprocess.Popen(
            ["bash", "-c", text],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            # The group of all that it starts.
            start_new_session=True,
        )

    @property
    def has_ended(self) -> bool:
        """Tell whether it is over, which it should not be before the page is."""
        return self._process.poll() is not None

    def end(self) -> None:
        """End it as Ctrl-C does, and by force if that does not help."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGINT)
            try:
                self._process.wait(_PATIENCE_S / 4)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def commands(folder: Path) -> Path:
    """Make a folder of commands that examples find before those of the system."""
    found = subprocess.run(
        ["which", "curl"], check=True, capture_output=True, text=True
    ).stdout.strip()
    folder.mkdir()
    (folder / "curl").write_text(_CURL.format(curl=found))
    (folder / "curl").chmod(0o755)
    return folder
