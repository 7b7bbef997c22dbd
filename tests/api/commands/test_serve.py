"""Laws of `kerbside serve`, up to where it becomes the server."""

import json
import os
import socket
from collections.abc import Sequence

import pytest

from api import server
from api.launcher.faults import PortTaken
from tests.api.conftest import Run
from worker.supervision import ports


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Return the programs that this process would have become."""
    programs: list[tuple[str, ...]] = []

    def execv(path: str, words: Sequence[str]) -> None:
        assert path == words[0]
        programs.append(tuple(words))

    monkeypatch.setattr(os, "execv", execv)
    return programs


def test_it_becomes_the_server_that_up_starts(
    run: Run, became: list[tuple[str, ...]]
) -> None:
    """One place says what bounds slow and idle clients."""
    port = ports.find_free()

    done = run("serve", "--port", str(port), "--processes", "3", KERBSIDE_WAITERS="7")

    bounded = server.command(host="127.0.0.1", port=port, processes=3, waiters=7)
    assert (done.exit_code, became) == (0, [bounded])
    assert done.stdout == f"Serving at 127.0.0.1, port {port}, with 3 processes.\n"


def test_it_tells_programs_where_it_serves(
    run: Run, became: list[tuple[str, ...]]
) -> None:
    """Before it is another program, which prints what it likes."""
    port = ports.find_free()

    done = run("serve", "--host", "127.0.0.1", "--port", str(port), "--json")

    told = json.loads(done.stdout)
    assert told == {"host": "127.0.0.1", "port": port, "processes": 2}
    assert became


def test_a_taken_port_is_named_and_the_way_out(
    run: Run, became: list[tuple[str, ...]]
) -> None:
    """Before there is a server that would try again and again."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("serve", "--port", str(port))

    assert done.exit_code == PortTaken.exit_code
    assert f"Port {port} of 127.0.0.1 is taken" in done.stderr
    assert "--port" in done.stderr
    assert became == []


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid", "1.2.3.4.5"])
def test_an_address_that_is_not_of_this_machine_is_refused(
    run: Run, became: list[tuple[str, ...]], host: str
) -> None:
    """It says which, what was expected, and by which option."""
    done = run("serve", "--host", host)

    assert done.exit_code == 2
    assert "Invalid value for --host" in done.stderr
    assert host in done.stderr
    assert "such as 127.0.0.1" in done.stderr
    assert became == []


@pytest.mark.parametrize(
    ("option", "value"),
    [("--port", "0"), ("--port", "65536"), ("--processes", "0"), ("--port", "http")],
)
def test_a_number_that_cannot_be_is_refused(
    run: Run, became: list[tuple[str, ...]], option: str, value: str
) -> None:
    """A server on any port is one that nobody finds."""
    done = run("serve", option, value)

    assert done.exit_code == 2
    assert option in done.stderr
    assert became == []


def test_a_setting_that_cannot_be_used_is_told_by_no_traceback(
    run: Run, became: list[tuple[str, ...]]
) -> None:
    """Each server process would fail at it, over and over."""
    done = run("serve", KERBSIDE_WAITERS="many")

    assert done.exit_code == 2
    assert "KERBSIDE_WAITERS" in done.stderr
    assert became == []
