"""Laws of the leash; that it holds is tested with the supervisor."""

import subprocess
from pathlib import Path
from signal import Signals

from worker.supervision.leash import CANNOT_START, leashed


def run(*program: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a program on a leash."""
    command = leashed(program, orphan_signal=Signals.SIGTERM)
    return subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True
    )


def test_the_process_becomes_the_program(tmp_path: Path) -> None:
    """Its arguments, output and exit code are the program's own."""
    done = run("sh", "-c", 'echo "$1"; exit 3', "sh", "two words", folder=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (3, "two words\n", "")


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the exit code that a shell has for it."""
    done = run("no-such-program", folder=tmp_path)

    assert done.returncode == CANNOT_START
    assert done.stderr == "no-such-program: No such file or directory\n"


def test_nothing_is_imported_from_the_working_folder(tmp_path: Path) -> None:
    """Whoever may write there decides on nothing."""
    (tmp_path / "ctypes.py").write_text("raise SystemExit('taken over')")

    assert run("true", folder=tmp_path).returncode == 0
