"""The laws of the bundled Redis, started as its pod starts it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as redis_py

from tests.chart import chart
from tests.chart.stand import Stand
from tests.patience import wait_until
from worker import redis_acl


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """Run the server of the chart."""
    stand = Stand(chart.template("helm-4"), tmp_path)
    with stand.redis():
        yield stand


def test_each_part_comes_in_for_what_it_may_do_and_nobody_else_does(
    stand: Stand,
) -> None:
    """Every user has its password and its rules; who names none is sent away."""
    for user in redis_acl.USERS:
        with redis_py.Redis.from_url(stand.redis_url(user)) as client:
            wait_until(client.ping)
    with (
        redis_py.Redis.from_url(stand.redis_url(redis_acl.KEDA)) as keda,
        pytest.raises(redis_py.exceptions.NoPermissionError),
    ):
        keda.get("kerbside:key:x")
    with (
        redis_py.Redis(port=stand.redis_port) as stranger,
        pytest.raises(redis_py.AuthenticationError),
    ):
        stranger.ping()


def test_no_job_is_given_up_for_want_of_memory(stand: Stand) -> None:
    """What is written is kept in a file, and nothing is evicted."""
    with redis_py.Redis.from_url(stand.redis_url(redis_acl.OPERATOR)) as client:
        wait_until(client.ping)
        told = client.info()

    assert told["aof_enabled"] == 1
    assert told["maxmemory_policy"] == "noeviction"
    assert told["maxmemory"] == 512 * 1024**2


def test_its_probe_says_when_it_serves(stand: Stand) -> None:
    """It logs in as the operator does, with the password of the mounted Secret."""
    (container,) = stand.rendered.pod("StatefulSet", "redis")["spec"]["containers"]
    words = [
        stand.here(word) for word in container["readinessProbe"]["exec"]["command"]
    ]

    def ready() -> bool:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    wait_until(ready)
    (stand.folder / "etc/kerbside/passwords/operator").write_text("wrong")
    assert not ready()
