"""Laws of `kerbside redis acl`: what it writes is what a server takes."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis as redis_py

from tests.api.conftest import Run
from tests.patience import wait_until
from worker import redis_acl
from worker.connection import connect
from worker.supervision import embedded, ports

DEFAULT = "default=the-password-of-all-others\n"
GIVEN = "".join(f"{user}={user}-has-a-long-password\n" for user in redis_acl.USERS)


def _urls(folder: Path) -> dict[str, str]:
    return {
        user: (folder / f"{user}.env").read_text().strip().partition("=")[2]
        for user in redis_acl.USERS
    }


@contextlib.contextmanager
def _started(*config: str) -> Iterator[None]:
    """Run a server with nothing but these lines, as one of your own would."""
    server = [str(embedded.find_binary()), "-"]
    with subprocess.Popen(
        server, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdin
            process.stdin.write("\n".join(config))
            process.stdin.close()
            yield
        finally:
            process.kill()


def _is_master(url: str) -> bool:
    with contextlib.closing(connect(url, role="operator")) as client:
        try:
            return bool(client.config_get("maxmemory"))
        except redis_py.AuthenticationError:
            return False


def test_a_server_with_this_file_lets_each_user_in_and_nobody_else(
    run: Run, tmp_path: Path
) -> None:
    """The files fit each other: passwords there, their digests here."""
    folder = tmp_path / "acl"
    with embedded.serving(tmp_path / "redis") as server:
        done = run("redis", "acl", "-o", str(folder), KERBSIDE_REDIS_URL=server.url)
        (server.folder / "users.acl").write_bytes((folder / "users.acl").read_bytes())
        with contextlib.closing(connect(server.url, role="operator")) as admin:
            admin.acl_load()
        for url in _urls(folder).values():
            with contextlib.closing(connect(url, role="operator")) as client:
                assert client.ping()
        with (
            contextlib.closing(connect(server.url, role="api")) as before,
            pytest.raises(redis_py.AuthenticationError),
        ):
            before.ping()

    assert done.exit_code == 0, done.stderr


def test_passwords_are_in_files_of_their_own_and_nowhere_else(
    run: Run, tmp_path: Path
) -> None:
    """Each for the processes of one user, and for nobody else's eyes."""
    folder = tmp_path / "acl"

    done = run("redis", "acl", "-o", str(folder))
    passwords = [urlsplit(url).password or "" for url in _urls(folder).values()]

    files = [*folder.iterdir()]
    assert sorted(done.stdout.split()) == sorted(map(str, files))
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(set(passwords)) == len(redis_acl.USERS)
    users = (folder / "users.acl").read_text()
    assert not [one for one in passwords if one in users + done.output]


def test_a_second_run_keeps_the_passwords(run: Run, tmp_path: Path) -> None:
    """After an upgrade the rules are new, and no process needs another password."""
    folder = tmp_path / "acl"
    run("redis", "acl", "-o", str(folder))
    before = _urls(folder)
    (folder / "users.acl").write_text("user api off\n")

    run("redis", "acl", "-o", str(folder))

    assert _urls(folder) == before
    assert "user worker on" in (folder / "users.acl").read_text()


def test_passwords_that_are_given_are_the_ones_that_open(run: Run) -> None:
    """From a file or a pipe: an argument would be seen in the list of processes."""
    done = run("redis", "acl", "--passwords", "-", typed=f"# mine\n\n{GIVEN}")
    digest = subprocess.run(
        ["sha256sum"],
        input=b"api-has-a-long-password",
        capture_output=True,
        check=True,
    ).stdout.split()[0]

    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"user api on #{digest.decode()} ~kerbside:*")
    assert lines[-1] == "user default off"
    assert "long-password" not in done.output


@pytest.mark.parametrize(("more", "is_let_in"), [("", False), (DEFAULT, True)])
def test_a_server_that_starts_with_the_file_lets_nobody_in_without_a_password(
    run: Run, tmp_path: Path, more: str, *, is_let_in: bool
) -> None:
    """A file that says nothing of `default` would make it master without one."""
    users, port = tmp_path / "users.acl", ports.find_free()
    done = run("redis", "acl", "--passwords", "-", typed=GIVEN + more)
    users.write_text(done.stdout)

    with _started(f"port {port}", f"aclfile {users}", "bind 127.0.0.1", 'save ""'):
        place, password = f"127.0.0.1:{port}", DEFAULT.strip().partition("=")[2]
        wait_until(lambda: not ports.is_free(port))
        assert not _is_master(f"redis://{place}")
        assert _is_master(f"redis://:{password}@{place}") is is_let_in


def test_a_user_is_given_one_password(run: Run) -> None:
    """Which of two would open is nobody's guess."""
    done = run("redis", "acl", "--passwords", "-", typed=GIVEN + GIVEN)

    assert done.exit_code == 2
    assert "line 6: expected one line for each user" in done.stderr
    assert "long-password" not in done.stderr


def test_passwords_that_are_no_text_are_told(run: Run, tmp_path: Path) -> None:
    """By the place, and without a traceback."""
    file = tmp_path / "passwords"
    file.write_bytes(b"api=\xff\xfe")

    done = run("redis", "acl", "--passwords", str(file))

    assert done.exit_code == 2
    assert f"{file}: expected a text file in UTF-8" in done.stderr


def test_an_address_with_a_port_that_is_none_is_refused_before_anything_is_written(
    run: Run, tmp_path: Path
) -> None:
    """Else every process would be given it."""
    folder, url = tmp_path / "acl", "redis://redis.example.org:70000/0"

    done = run("redis", "acl", "-o", str(folder), KERBSIDE_REDIS_URL=url)

    assert done.exit_code == 2
    assert "expected a port from 0 to 65535" in done.stderr
    assert not folder.exists()


def test_programs_get_the_rules_and_the_files(run: Run, tmp_path: Path) -> None:
    """A password is in none of them."""
    piped = run("redis", "acl", "--json", "--passwords", "-", typed=GIVEN)
    written = run("redis", "acl", "--json", "-o", str(tmp_path / "acl"))

    assert set(json.loads(piped.stdout)["users"]) == set(redis_acl.USERS)
    assert json.loads(piped.stdout)["acl"].startswith("user api on #")
    assert str(tmp_path / "acl" / "api.env") in json.loads(written.stdout)["files"]


def test_the_address_stays_but_for_user_and_password(run: Run, tmp_path: Path) -> None:
    """Database and certificates too; the database's number is in the channels."""
    url = "rediss://old:pw@redis.example.org:6380/3?ssl_ca_certs=/etc/ca.pem"

    run("redis", "acl", "-o", str(tmp_path), KERBSIDE_REDIS_URL=url)

    found = urlsplit(_urls(tmp_path)["flower"])
    assert (found.username, found.hostname, found.port) == (
        *("flower", "redis.example.org"),
        6380,
    )
    assert (found.path, found.query) == ("/3", "ssl_ca_certs=/etc/ca.pem")
    assert "&/3.celeryev/*" in (tmp_path / "users.acl").read_text()


@pytest.mark.parametrize(
    "line",
    ["hunter2", "root=hunter2-and-so-on", "api=hunter2", "api=hunter2 and blanks"],
)
def test_a_line_that_holds_no_password_is_told_by_its_number(
    run: Run, line: str
) -> None:
    """Not by what stands in it, which may be a password."""
    done = run("redis", "acl", "--passwords", "-", typed=f"{GIVEN}{line}\n")

    assert done.exit_code == 2
    assert "line 6: expected USER=PASSWORD" in done.stderr
    assert "hunter2" not in done.stderr


def test_users_without_a_password_are_named(run: Run) -> None:
    """None is made up where nobody would learn of it."""
    done = run("redis", "acl", "--passwords", "-", typed=GIVEN.partition("\n")[2])

    assert done.exit_code == 2
    assert "There is no password for api:" in done.stderr
    assert "-o FOLDER" in done.stderr


def test_a_file_of_an_earlier_run_that_is_damaged_is_named(
    run: Run, tmp_path: Path
) -> None:
    """It is not replaced: a process may hold what stood in it."""
    (tmp_path / "api.env").write_text("KERBSIDE_REDIS_URL=redis://\n")

    done = run("redis", "acl", "-o", str(tmp_path))

    assert done.exit_code == 2
    assert f"{tmp_path}/api.env: expected one line" in done.stderr


def test_sentinels_and_replicas_get_users_of_their_own(
    run: Run, tmp_path: Path
) -> None:
    """With the lines for their files, whose passwords stay like all others."""
    url = "sentinel://old:pw@h1:26379,h2:26379/3?master=homes&sentinel_password=s"

    run("redis", "acl", "-o", str(tmp_path), KERBSIDE_REDIS_URL=url)
    sentinel = (tmp_path / "sentinel.conf").read_text().splitlines()
    replica = (tmp_path / "replica.conf").read_text()
    again = run("redis", "acl", "-o", str(tmp_path), KERBSIDE_REDIS_URL=url)

    assert sentinel[0] == "sentinel auth-user homes sentinel"
    assert sentinel[1].startswith("sentinel auth-pass homes ")
    assert replica.startswith("masteruser replica\nmasterauth ")
    assert (tmp_path / "replica.conf").read_text() == replica
    assert again.exit_code == 0, again.stderr
    users = (tmp_path / "users.acl").read_text()
    assert "user sentinel on #" in users
    assert "user replica on #" in users
    found = _urls(tmp_path)["flower"]
    assert found.startswith("sentinel://flower:")
    assert found.endswith("@h1:26379,h2:26379/3?master=homes&sentinel_password=s")


def test_a_damaged_file_for_the_sentinels_is_named(run: Run, tmp_path: Path) -> None:
    """It is not replaced: they may hold what stood in it."""
    (tmp_path / "sentinel.conf").write_text("sentinel auth-pass homes\n")

    done = run("redis", "acl", "-o", str(tmp_path))

    assert done.exit_code == 2
    assert (
        "sentinel.conf: expected two lines, the second sentinel auth-pass"
        in done.stderr
    )
