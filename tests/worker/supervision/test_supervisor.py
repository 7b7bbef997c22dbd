"""Laws of the supervisor, on real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import Signals

import pytest

from tests.worker.supervision.conftest import no_space
from worker.supervision import childlog, leash, supervisor
from worker.supervision.child import Child, ChildSpec
from worker.supervision.childlog import ChildLog
from worker.supervision.inbox import SignalInbox
from worker.supervision.supervisor import (
    KeepsFailing,
    StoppedAtOnce,
    StopRequested,
    Supervisor,
)

#: Notes its start and the time of its end in the file that it is given.
NOTES_ITS_END = """
import signal, sys, time
def end(*_):
    open(sys.argv[1], "a").write(sys.argv[2])
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
while True:
    time.sleep(60)
"""

IGNORES_SIGTERM = "trap '' TERM; echo up; while :; do sleep 0.1; done"

Spec = Callable[..., ChildSpec]


@pytest.fixture
def reports() -> list[str]:
    """Return what the supervisor told its user."""
    return []


@pytest.fixture
def inbox() -> Iterator[SignalInbox]:
    """Return the signals of this process."""
    with SignalInbox() as inbox:
        yield inbox


@pytest.fixture
def watch(inbox: SignalInbox, reports: list[str]) -> Iterator[Supervisor]:
    """Return a supervisor whose children end with the test."""
    watch = Supervisor(inbox, report=reports.append)
    yield watch
    watch.stop()


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    """Return a function that describes a child."""

    def spec(*command: str, name: str = "child", **more: object) -> ChildSpec:
        return ChildSpec(
            name=name,
            command=command,
            environment={"PATH": os.defpath},
            folder=tmp_path,
            log=tmp_path / f"{name}.log",
            **more,  # type: ignore[arg-type] # a test's own keywords
        )

    return spec


def wait_for_line(watch: Supervisor, name: str = "child", line: str = "up") -> None:
    """Run the supervisor until a child has logged a line."""
    logged = lambda: line in watch.child(name).last_lines()  # noqa: E731
    assert watch.run(until=logged, for_s=10, every_s=0.01)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_killed_child_is_started_again_and_the_user_told(
    watch: Supervisor, spec: Spec, reports: list[str]
) -> None:
    """Whatever ends a child, another takes its place."""
    watch.start(spec("sleep", "60"))
    first = watch.child("child").pid
    os.kill(first, signal.SIGKILL)

    assert watch.run(until=lambda: watch.child("child").pid != first, for_s=10)
    assert len(reports) == 1
    assert "child was ended by SIGKILL" in reports[0]
    assert "starting it again in 0.5 s" in reports[0]


def test_a_child_that_never_comes_up_ends_it_with_its_last_words(
    watch: Supervisor,
    spec: Spec,
    reports: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Five attempts, each a little later than the one before."""
    monkeypatch.setattr(supervisor, "FIRST_DELAY_S", 0.01)
    watch.start(spec("sh", "-c", "echo no such model; exit 7"))

    with pytest.raises(KeepsFailing, match="child ended with exit code 7, 5") as told:
        watch.run(for_s=30)

    assert told.value.last_lines == ["no such model"]
    assert [line.rsplit(" in ")[1] for line in reports] == [
        *("0.01 s", "0.02 s", "0.04 s", "0.08 s")
    ]


def test_a_child_that_once_came_up_is_started_without_limit(
    watch: Supervisor, spec: Spec, reports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad hour of one part does not end the others; the delay is bounded."""
    monkeypatch.setattr(supervisor, "FIRST_DELAY_S", 0.001)
    monkeypatch.setattr(supervisor, "LONGEST_DELAY_S", 0.004)
    watch.start(spec("false"))
    watch.settle("child")

    assert watch.run(until=lambda: len(reports) >= 7, for_s=10)
    assert reports[-1].endswith("in 0.004 s")


def test_a_program_that_is_not_there_is_told(
    watch: Supervisor, spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last words name it."""
    monkeypatch.setattr(supervisor, "FIRST_DELAY_S", 0.001)
    watch.start(spec("no-such-program", attempts=1))

    with pytest.raises(KeepsFailing, match="exit code 127") as told:
        watch.run(for_s=10)

    assert told.value.last_lines == ["no-such-program: No such file or directory"]


def test_children_end_stage_by_stage(
    watch: Supervisor, spec: Spec, tmp_path: Path
) -> None:
    """What takes work in ends before what does it, whatever the order of the start."""
    file = str(tmp_path / "ends")
    for name, stage in (("c", 2), ("a", 0), ("b", 1)):
        command = (sys.executable, "-S", "-c", NOTES_ITS_END, file, name)
        watch.start(spec(*command, name=name, stage=stage))
    for name in "abc":
        wait_for_line(watch, name)

    watch.stop()

    assert Path(file).read_text() == "abc"


def test_a_child_that_does_not_end_is_killed_after_its_grace(
    watch: Supervisor, spec: Spec, reports: list[str]
) -> None:
    """Nothing holds up the stop for ever."""
    watch.start(spec("sh", "-c", IGNORES_SIGTERM, grace_s=0.2))
    wait_for_line(watch)
    pid = watch.child("child").pid

    watch.stop()

    assert not is_alive(pid)
    assert reports == ["child did not end within 0.2 s: killed"]


@pytest.mark.parametrize("number", [Signals.SIGINT, Signals.SIGTERM, Signals.SIGHUP])
def test_a_signal_asks_for_the_stop(
    watch: Supervisor, spec: Spec, number: Signals
) -> None:
    """Ctrl-C, a service manager and a closed terminal all end it in order."""
    watch.start(spec("sleep", "60"))
    os.kill(os.getpid(), number)

    with pytest.raises(StopRequested) as asked:
        watch.run(for_s=10)

    assert asked.value.signal == number


def test_a_second_interrupt_kills_at_once(
    watch: Supervisor, spec: Spec, tmp_path: Path
) -> None:
    """Who is in a hurry does not wait for any grace."""
    watch.start(spec("sh", "-c", IGNORES_SIGTERM, grace_s=60.0))
    wait_for_line(watch)
    pid = watch.child("child").pid
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(StopRequested):
        watch.run(for_s=10)
    os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(StoppedAtOnce):
        watch.stop()

    assert not is_alive(pid)


def test_what_a_dead_child_leaves_behind_is_killed(
    watch: Supervisor, spec: Spec
) -> None:
    """Grandchildren cannot go on beside those of the next child."""
    watch.start(spec("sh", "-c", "sleep 60 & echo $!; wait"))
    wait_for = watch.child("child").last_lines
    watch.run(until=lambda: bool(wait_for()), for_s=10, every_s=0.01)
    grandchild = int(wait_for()[0])
    os.kill(watch.child("child").pid, signal.SIGKILL)

    assert watch.run(until=lambda: not is_alive(grandchild), for_s=10, every_s=0.01)


def test_what_a_child_leaves_that_ended_before_it_was_asked_to_is_killed(
    spec: Spec,
) -> None:
    """Nobody has looked at the child since it ended; its own child goes with it."""
    one = spec("sh", "-c", "sleep 60 & echo $!")
    child = Child(one, ChildLog(one.log), now=0.0)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    grandchild = int(child.last_lines()[0])

    child.terminate()
    child.kill()

    until = time.monotonic() + 5
    while is_alive(grandchild):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_killed_supervisor_leaves_nobody_behind(tmp_path: Path) -> None:
    """The kernel ends the children of a supervisor that could not."""
    code = f"""
import os, signal
from pathlib import Path
from worker.supervision.child import ChildSpec
from worker.supervision.inbox import SignalInbox
from worker.supervision.supervisor import Supervisor
with SignalInbox() as inbox:
    watch = Supervisor(inbox, report=print)
    for name, script in (("plain", "sleep 60"), ("deaf", {IGNORES_SIGTERM!r})):
        watch.start(ChildSpec(name=name, command=("sh", "-c", script),
            environment={{"PATH": os.defpath}}, folder=Path("."),
            log=Path(name + ".log")))
    print(watch.child("plain").pid, watch.child("deaf").pid, flush=True)
    watch.run()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(supervisor.__file__).parents[1])},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        pids = [int(word) for word in process.stdout.readline().split()]
        assert all(map(is_alive, pids))
        process.kill()

    until = time.monotonic() + 5
    while any(map(is_alive, pids)):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_program_whose_parent_is_gone_already_does_not_start(
    tmp_path: Path,
) -> None:
    """A parent killed between fork and leash leaves nobody behind either."""
    command = leash.leashed(["touch", "started"], orphan_signal=Signals.SIGKILL)
    command[command.index(str(os.getpid()))] = "1"

    done = subprocess.run(command, cwd=tmp_path, check=False)

    assert done.returncode == 0
    assert not (tmp_path / "started").exists()


def test_waiting_costs_nothing(watch: Supervisor, spec: Spec) -> None:
    """The supervisor sleeps while its children work."""
    watch.start(spec("sleep", "60"))
    used = time.process_time()

    watch.run(for_s=0.5)

    assert time.process_time() - used < 0.02


def test_a_program_runs_to_its_end_once(watch: Supervisor, spec: Spec) -> None:
    """Its exit code is the answer; it is not started again."""
    assert watch.run_to_end(spec("sh", "-c", "exit 3")) == 3


def test_a_stop_ends_the_program_that_runs_to_its_end(
    watch: Supervisor, spec: Spec
) -> None:
    """Ctrl-C during a training ends the training."""
    script = "echo $$; kill -INT $PPID; exec sleep 60"
    one = spec("sh", "-c", script)

    with pytest.raises(StopRequested):
        watch.run_to_end(one)

    assert not is_alive(int(one.log.read_text()))


def test_what_children_log_can_be_followed(
    inbox: SignalInbox, reports: list[str], spec: Spec
) -> None:
    """Each whole line comes with the name of who wrote it."""
    seen: list[tuple[str, str]] = []
    watch = Supervisor(
        inbox, report=reports.append, follow=lambda *line: seen.append(line)
    )
    watch.start(spec("sh", "-c", "echo one; echo two; printf half; sleep 60"))

    assert watch.run(until=lambda: len(seen) == 2, for_s=10)
    watch.stop()

    assert seen == [("child", "one"), ("child", "two")]


@pytest.mark.parametrize("fault", ["full disk", "deleted"])
def test_a_log_at_fault_ends_nothing_and_is_told_once(
    inbox: SignalInbox,
    reports: list[str],
    spec: Spec,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    """Programs go on without it; a log that somebody removed has no lines."""
    monkeypatch.setattr(supervisor, "HOUSEKEEPING_S", 0.01)
    monkeypatch.setattr(supervisor, "FOLLOW_S", 0.01)
    watch = Supervisor(inbox, report=reports.append, follow=lambda *_: None)
    watch.start(spec("sleep", "60"))
    log = watch.child("child").log
    if fault == "deleted":
        log.path.unlink()
    else:
        monkeypatch.setattr(childlog, "MAXIMUM_BYTES", 0)
        monkeypatch.setattr(childlog, "_private", no_space)

    watch.run(for_s=0.2)
    lines = watch.child("child").last_lines()
    watch.stop()

    assert lines == []
    told = [f"{log.path} cannot be kept: No space left on device"]
    assert reports == (told if fault == "full disk" else [])


def test_a_log_that_is_at_fault_again_is_told_again(
    inbox: SignalInbox,
    reports: list[str],
    spec: Spec,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A disk may be full today and next month."""
    monkeypatch.setattr(supervisor, "HOUSEKEEPING_S", 0.01)
    watch = Supervisor(inbox, report=reports.append)
    watch.start(spec("sleep", "60"))
    log = watch.child("child").log
    monkeypatch.setattr(childlog, "MAXIMUM_BYTES", 0)
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(childlog, "_private", no_space)
            watch.run(for_s=0.1)
        watch.run(for_s=0.1)
    watch.stop()

    assert reports == [f"{log.path} cannot be kept: No space left on device"] * 2


def test_the_former_handlers_return(inbox: SignalInbox) -> None:
    """Who used signals before does so afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    with SignalInbox():
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL

    assert signal.getsignal(signal.SIGTERM) is before
