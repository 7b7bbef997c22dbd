"""Laws that every command keeps, by a walk through all of them."""

import errno
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from api.cli import main
from api.launcher.faults import Fault
from api.settings import child_environment
from model_store.cli import cli

#: What is typed before the words of each program.
PROGRAMS = {"kerbside": main, "kerbside model": cli}


def _below(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    # `model` is handed to the other program, whose commands are walked themselves.
    if words not in PROGRAMS or command is PROGRAMS[words]:
        yield words, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from _below(f"{words} {name}", below)


COMMANDS = [pair for words, root in PROGRAMS.items() for pair in _below(words, root)]
GROUPS = [pair for pair in COMMANDS if isinstance(pair[1], click.Group)]
LEAVES = [pair for pair in COMMANDS if not isinstance(pair[1], click.Group)]


def _run(words: str, *more: str, state: Path | None = None) -> Result:
    program = max((one for one in PROGRAMS if words.startswith(one)), key=len)
    typed = [*words.removeprefix(program).split(), *more]
    environment = {} if state is None else {"KERBSIDE_STATE_DIR": str(state)}
    return CliRunner().invoke(
        PROGRAMS[program], typed, prog_name=program, env=environment
    )


def _arguments(command: click.Command) -> list[str]:
    typed: list[str] = []
    for one in command.params:
        if isinstance(one, click.Argument):
            typed.append(_value(one.type))
        elif one.required:
            typed += [one.opts[0], _value(one.type)]
    return typed


def _value(kind: click.ParamType[Any]) -> str:
    """Return what a parameter of a type takes."""
    if isinstance(kind, click.Choice):
        return str(kind.choices[0])
    if isinstance(kind, click.DateTime):
        return f"{datetime(2015, 5, 1, tzinfo=UTC):{kind.formats[0]}}"
    return __file__ if isinstance(kind, click.Path) and kind.exists else "x"


def _ids(pairs: list[tuple[str, click.Command]]) -> list[str]:
    return [words for words, _ in pairs]


every_command = pytest.mark.parametrize(
    ("words", "command"), COMMANDS, ids=_ids(COMMANDS)
)
every_leaf = pytest.mark.parametrize(("words", "command"), LEAVES, ids=_ids(LEAVES))


@every_command
def test_a_command_helps_and_tells_its_exit_codes(
    words: str, command: click.Command
) -> None:
    """`-h` and `--help` say the same, and what a script may meet."""
    short, long = _run(words, "-h"), _run(words, "--help")

    assert (short.exit_code, short.output) == (0, long.output)
    assert command.help
    codes = re.findall(
        r"^ {2}(\d+) +\S", long.output.split("Exit codes:")[1], re.MULTILINE
    )
    assert {"0", "1", "2", "74", "130", "141"} <= set(codes)
    assert codes == sorted(codes, key=int)


def test_every_fault_has_an_exit_code_of_its_own_that_some_help_tells() -> None:
    """A script can tell one fault from another."""
    kinds = Fault.__subclasses__()
    told = "".join(_run(words, "-h").output for words, _ in COMMANDS)

    assert len({kind.exit_code for kind in kinds}) == len(kinds)
    untold = [
        kind for kind in kinds if not re.search(_line_of(kind), told, re.MULTILINE)
    ]
    assert untold == []


def _line_of(kind: type[Fault]) -> str:
    return rf"^ {{2}}{kind.exit_code} +{re.escape((kind.__doc__ or '')[:30])}"


@every_leaf
def test_a_command_tells_it_to_programs_too(words: str, command: click.Command) -> None:
    """Whatever a command prints can be had as JSON."""
    assert "--json" in [name for one in command.params for name in one.opts]


@every_command
def test_a_mistyped_option_is_answered_with_the_nearest(
    words: str, command: click.Command
) -> None:
    """Nobody has to look it up."""
    done = _run(words, "--hepl")

    assert done.exit_code == 2
    assert "No such option '--hepl'." in done.stderr
    assert "--help" in done.stderr.split("Did you mean")[1]


@pytest.mark.parametrize(("words", "group"), GROUPS, ids=_ids(GROUPS))
def test_a_mistyped_command_is_answered_with_the_nearest(
    words: str, group: click.Group
) -> None:
    """`kerbside models` is not a riddle."""
    for name in group.commands:
        done = _run(words, f"{name}x")

        assert done.exit_code == 2
        assert f"'{name}'" in done.stderr.split("id you mean")[1]


@every_leaf
@pytest.mark.parametrize(
    ("end", "exit_code", "told"),
    [
        (KeyboardInterrupt(), 130, r"\n"),
        (click.Abort(), 130, r"\n"),
        (BrokenPipeError(), 141, ""),
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
            74,
            r"Error: No space left on device\. Make room, then repeat .*\n",
        ),
        (
            OSError(errno.EACCES, os.strerror(errno.EACCES), "houses.csv"),
            74,
            r"Error: houses.csv: Permission denied\. Give this user the right.*\n",
        ),
    ],
    ids=["ctrl-c", "ctrl-c at a question", "pipe", "disk full", "no right"],
)
def test_a_command_ends_in_one_manner(
    words: str,
    command: click.Command,
    monkeypatch: pytest.MonkeyPatch,
    end: BaseException,
    exit_code: int,
    told: str,
) -> None:
    """By an exit code and at most a sentence, never by a traceback."""

    def invoke(_: click.Context) -> None:
        raise end

    monkeypatch.setattr(command, "invoke", invoke)
    done = _run(words, *_arguments(command))

    assert done.exit_code == exit_code
    assert re.fullmatch(told, done.stderr)
    assert done.stdout == ""


@pytest.mark.parametrize("module", ["api", "model_store"])
def test_a_reader_who_goes_away_is_no_fault(module: str) -> None:
    """`| head` prints nothing on stderr."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        done = _process(module, "--help", stdout=pipe.fileno())

    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("module", ["api", "model_store"])
def test_a_full_disk_is_a_sentence(module: str) -> None:
    """What cannot be written is not tried again at the end, with a traceback."""
    with Path("/dev/full").open("wb") as full:
        done = _process(module, "--help", stdout=full.fileno())

    assert done.returncode == 74
    assert done.stderr.decode().startswith("Error: No space left on device.")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("module", ["api", "model_store"])
def test_a_closed_output_is_a_sentence(module: str) -> None:
    """`>&-` leaves no stream at all."""
    typed = f"exec {sys.executable} -m {module} --help >&-"
    done = subprocess.run(["sh", "-c", typed], check=False, capture_output=True)

    assert done.returncode == 74
    assert done.stderr.startswith(b"Error: The output is closed")
    assert done.stderr.count(b"\n") == 1


def test_a_closed_input_is_a_sentence() -> None:
    """`<&-` leaves no stream at all."""
    typed = f"exec {sys.executable} -m api predict - <&-"
    there = child_environment(KERBSIDE_URL="http://127.0.0.1:1", KERBSIDE_API_KEY="kb_")
    done = subprocess.run(
        ["sh", "-c", typed], check=False, capture_output=True, env=there
    )

    assert (done.returncode, done.stderr) == (74, b"Error: The input is closed.\n")


@pytest.mark.parametrize("module", ["api", "model_store"])
@pytest.mark.parametrize("slow", ["click.py", "atexit"])
def test_ctrl_c_needs_no_program_that_is_loaded(
    module: str, slow: str, tmp_path: Path
) -> None:
    """While Python imports it, or ends it, the manner is that of every command."""
    wait = "print('here', flush=True) or time.sleep(60)"
    (tmp_path / "click.py").write_text(f"import time\n{wait}\n")
    path = str(tmp_path) if slow == "click.py" else ""
    # Where the tests run in the background, their children ignore Ctrl-C.
    program = f"""
import atexit, runpy, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv[1:] = ["--help"]
sys.path[:0] = filter(None, ["{path}"])
atexit.register(lambda: {wait})
runpy.run_module("{module}", run_name="__main__")
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        assert process.stdout
        any(line == b"here\n" for line in process.stdout)
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=30)

    assert process.returncode == 130
    assert told[1] == b"\n"


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("kerbside mod", ["plain,model"]),
        (
            "kerbside keys ",
            ["plain,create", "plain,list", "plain,revoke", "plain,show"],
        ),
        ("kerbside keys create --jso", ["plain,--json"]),
        ("kerbside model rollb", ["plain,rollback"]),
        ("kerbside model promote --as ch", ["plain,champion", "plain,challenger"]),
    ],
)
def test_the_shell_completes_it(words: str, offered: list[str]) -> None:
    """Commands, options and choices, those of the other program too."""
    done = _process(
        "api",
        _KERBSIDE_COMPLETE="bash_complete",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split(" ")) - 1),
    )

    assert done.stdout.decode().split() == offered


def _process(
    module: str, *words: str, stdout: int = subprocess.PIPE, **environment: str
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        check=False,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=child_environment(**environment),
    )
