"""Start a program that ends when its parent does, whatever ended the parent.

Run as a script it asks the kernel for a signal at its parent's death and then becomes
the program, so nothing has to run between fork and exec in a process with threads.
The kernel watches the parent *thread*: start leashed programs from a thread that
lives as long as the process, which is why the supervisor starts all from the main one.
Only Linux knows this signal; elsewhere the program runs without it.
"""

import ctypes
import os
import sys
from collections.abc import Sequence
from signal import Signals

#: From <sys/prctl.h>.
PR_SET_PDEATHSIG = 1

#: What shells answer for a program that cannot be started.
CANNOT_START = 127


def leashed(program: Sequence[str], *, orphan_signal: Signals) -> list[str]:
    """Return the command that runs `program` on a leash held by this process."""
    # -I -S: a bare interpreter starts in 15 ms and imports nothing from the folder.
    return [
        *(sys.executable, "-I", "-S", __file__),
        *(str(orphan_signal.value), str(os.getpid())),
        *program,
    ]


def main(orphan_signal: str, parent: str, *program: str) -> int:
    """Tie this process to its parent and become the program."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0) != 0:
            sys.stderr.write(f"prctl: {os.strerror(ctypes.get_errno())}\n")
            return CANNOT_START
    if os.getppid() != int(parent):  # it died before the leash was on
        return 0
    try:
        os.execvp(program[0], program)  # noqa: S606 -- becoming the program is the job
    except OSError as error:
        sys.stderr.write(f"{program[0]}: {error.strerror}\n")
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
