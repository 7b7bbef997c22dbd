"""The laws of the bundled Redis, started as its pod starts it."""

import base64
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis as redis_py

from tests.chart import chart
from tests.patience import wait_until
from worker import redis_acl
from worker.supervision import embedded, ports

#: Paths in the pod's container.
_PATHS = ("/etc/kerbside", "/run/kerbside", "/data")


@dataclass(frozen=True)
class Pod:
    """The container of the bundled Redis on this machine."""

    folder: Path
    port: int
    passwords: dict[str, str]

    def url_of(self, user: str) -> str:
        """Return the address that a part of Kerbside has."""
        return f"redis://{user}:{self.passwords[user]}@127.0.0.1:{self.port}/0"

    def here(self, text: str) -> str:
        """Return a text of the chart with the paths of this machine."""
        for path in _PATHS:
            text = text.replace(path, f"{self.folder}{path}")
        return text.replace("redis-cli", f"redis-cli -p {self.port}")


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    """Run the server as the chart has it, at a port of its own."""
    rendered = chart.template("helm-4")
    secret = rendered.one("Secret", "redis")["data"]
    passwords = {user: base64.b64decode(text).decode() for user, text in secret.items()}
    pod = Pod(tmp_path, ports.find_free(), passwords)
    _mount(pod, rendered.one("ConfigMap", "redis")["data"])
    container = rendered.pod("StatefulSet", "redis")["spec"]["containers"][0]
    with subprocess.Popen(
        [pod.here(word) for word in container["command"]],
        env={
            "PATH": f"{tmp_path}/bin:{os.defpath}",
            **{one["name"]: one["value"] for one in container["env"]},
        },
        stdout=subprocess.DEVNULL,
    ) as server:
        try:
            yield pod
        finally:
            server.terminate()


def test_each_part_comes_in_for_what_it_may_do_and_nobody_else_does(pod: Pod) -> None:
    """Every user has its password and its rules; who names none is sent away."""
    for user in redis_acl.USERS:
        with redis_py.Redis.from_url(pod.url_of(user)) as client:
            wait_until(client.ping)
    with (
        redis_py.Redis.from_url(pod.url_of(redis_acl.KEDA)) as keda,
        pytest.raises(redis_py.exceptions.NoPermissionError),
    ):
        keda.get("kerbside:key:x")
    with (
        redis_py.Redis(port=pod.port) as stranger,
        pytest.raises(redis_py.AuthenticationError),
    ):
        stranger.ping()


def test_no_job_is_given_up_for_want_of_memory(pod: Pod) -> None:
    """What is written is kept in a file, and nothing is evicted."""
    with redis_py.Redis.from_url(pod.url_of(redis_acl.OPERATOR)) as client:
        wait_until(client.ping)
        told = client.info()

    assert told["aof_enabled"] == 1
    assert told["maxmemory_policy"] == "noeviction"
    assert told["maxmemory"] == 512 * 1024**2


def test_its_probe_says_when_it_serves(pod: Pod) -> None:
    """It logs in as the operator does, with the password of the mounted Secret."""
    rendered = chart.template("helm-4")
    container = rendered.pod("StatefulSet", "redis")["spec"]["containers"][0]
    command = container["readinessProbe"]["exec"]["command"]
    words = [pod.here(word) for word in command]

    def ready() -> bool:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    wait_until(ready)
    (pod.folder / "etc/kerbside/passwords/operator").write_text("wrong")
    assert not ready()


def _mount(pod: Pod, files: dict[str, str]) -> None:
    mounts = {f"/etc/kerbside/redis/{name}": text for name, text in files.items()}
    for user, password in pod.passwords.items():
        mounts[f"/etc/kerbside/passwords/{user}"] = password
    mounts["/etc/kerbside/redis/redis.conf"] += f"port {pod.port}\nbind 127.0.0.1\n"
    for path, text in mounts.items():
        file = Path(f"{pod.folder}{path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(pod.here(text))
    for folder in ("run/kerbside", "data", "bin"):
        (pod.folder / folder).mkdir(parents=True, exist_ok=True)
    (pod.folder / "bin/redis-server").symlink_to(embedded.find_binary())
