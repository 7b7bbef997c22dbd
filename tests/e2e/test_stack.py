"""The laws of docker-compose.yml, on containers that run; in order, the end last.

With the archive that `test_archive.py` has switched on: prices leave Redis meanwhile.
"""

import base64
import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from api.client import Client
from tests.deploy import compose_file
from tests.e2e import images
from tests.e2e.load import Load
from tests.e2e.stack import (
    API_PORT,
    FLOWER_PORT,
    OPS_PORT,
    PRICED_WITHIN_S,
    Stack,
    call,
)
from tests.patience import wait_until
from tests.system.event_sink import Sink

SERVERS = [
    name
    for name, one in compose_file.services().items()
    if one.get("restart") != "no" and one.get("profiles", ["postgres"]) == ["postgres"]
]


@pytest.fixture
def sink(site: Stack) -> Iterator[Sink]:
    """Receive events on this host, where containers reach it."""
    sink = Sink(host=site.gateway())
    sink.answers.set()
    with sink.open():
        yield sink


def _lane(site: Stack, operator: str) -> dict[str, Any]:
    answer = call(f"{site.url(OPS_PORT)}/v1/ops/scaler", operator)
    lane: dict[str, Any] = answer.body["queues"]["predictions"]
    return lane


def test_the_image_has_nothing_that_is_not_needed(site: Stack) -> None:
    """No compiler, no installer, no cache, no secret; it tells what it was made of."""
    searched = "which gcc cc make; ls /opt/venv/bin | grep ^pip; ls -A /tmp"
    found = site.docker.run("run", "--rm", images.IMAGE, "sh", "-c", f"{searched}; :")
    image = site.inspect(images.IMAGE)

    assert found == ""
    assert image["Config"]["User"] == "10001:10001"
    assert image["Config"]["Labels"]["org.opencontainers.image.title"] == "Kerbside"


@pytest.mark.parametrize("service", SERVERS)
def test_a_container_can_do_nothing_but_its_work(site: Stack, service: str) -> None:
    """It is nobody, has no rights, gets none, and its root cannot be written."""
    for container in site.containers(service):
        status = site.within(container, "cat /proc/1/status")
        told = dict(line.split(":\t", 1) for line in status.splitlines())

        assert set(told["Uid"].split()).isdisjoint({"0"})
        assert int(told["CapEff"], 16) == int(told["CapBnd"], 16) == 0
        assert told["NoNewPrivs"] == "1"
        written = site.within(
            container, "touch /here 2>/dev/null && echo yes || echo no"
        )
        assert written == "no"


def test_what_one_api_is_told_the_other_knows(
    site: Stack, token: str, house: dict[str, Any]
) -> None:
    """Submit on one, poll on the other."""
    one, other = (
        f"http://{site.address(name)}:8000" for name in site.containers("api")
    )
    path = "/v1/predictions"

    job = call(one + path, token, {"input": house}).body
    done = site.ended(f"{other}{path}/{job['id']}", token)

    assert one != other
    assert done["status"] == "succeeded", done
    assert done["output"]["price"] > 0
    assert job["urls"]["get"] == f"{site.url(API_PORT)}{path}/{job['id']}"


def test_the_balancer_shows_clients_nothing_of_the_operators(
    site: Stack, operator: str
) -> None:
    """Whatever key they have, and however the address is spelled."""
    closed = (
        "/metrics",
        "/ops",
        "/v1/ops/scaler",
        "/v1/keys",
        "//v1/ops/scaler",
        "/%76%31/ops/scaler",
    )

    outside = {call(site.url(API_PORT) + path, operator).status for path in closed}
    inside = {
        path: call(site.url(OPS_PORT) + path, operator).status for path in closed[:4]
    }

    assert outside == {404}
    assert inside == dict.fromkeys(closed[:4], 200)


def test_flower_asks_for_a_login(site: Stack) -> None:
    """The one that `kerbside init` made up."""
    login = (site.secrets / "flower-login.env").read_text().strip().partition("=")[2]
    basic = f"Basic {base64.b64encode(login.encode()).decode()}"

    pages = [f"{site.url(FLOWER_PORT)}/{page}" for page in ("workers", "metrics")]

    assert {call(page).status for page in pages} == {401}
    assert {call(page, Authorization=basic).status for page in pages} == {200}


def test_nothing_is_lost_while_workers_are_killed_cut_off_and_drained(
    site: Stack, token: str, operator: str, house: dict[str, Any], sink: Sink
) -> None:
    """Each house has one price and one event, and nothing is a dead letter."""
    body = {
        "input": house,
        "webhook": sink.url,
        "webhook_events_filter": ["completed"],
    }
    load = Load(f"{site.url(API_PORT)}/v1/predictions", token, body)
    killed, cut, drained = site.containers("worker")
    # Where a machine is slow, one may have been started anew before.
    restarts = site.inspect(killed)["RestartCount"]
    with load.running():
        for worker in (killed, cut):
            site.slow_down(worker)
        wait_until(lambda: len(load.jobs) > 100 and _lane(site, operator)["running"])
        site.kill(killed)
        wait_until(lambda: _lane(site, operator)["running"])
        site.docker.run("network", "disconnect", "--force", "kerbside-e2e_queue", cut)
        site.docker.run("stop", "--time", "30", drained)
        after = len(load.jobs)
        for worker in (killed, cut):
            site.speed_up(worker)
        site.docker.run("network", "connect", "kerbside-e2e_queue", cut)
        site.docker.run("start", drained)
        wait_until(lambda: len(load.jobs) > after + 100)

    jobs = load.jobs.values()
    url = f"{site.url(API_PORT)}/v1/predictions"
    states = Counter(site.ended(f"{url}/{job}", token)["status"] for job in jobs)
    with contextlib.closing(Client(site.url(API_PORT), token)) as client:
        secret = client.webhook_secret()
    wait_until(
        lambda: set(_events(sink, secret)) == set(jobs), timeout_s=PRICED_WITHIN_S
    )

    assert states == {"succeeded": len(set(jobs))}
    assert site.inspect(killed)["RestartCount"] == restarts + 1
    assert "jobs_given_back" not in site.docker.run("logs", drained)
    assert (
        call(f"{site.url(OPS_PORT)}/v1/ops/dead-letters", operator).body["total"] == 0
    )
    assert _lane(site, operator)["backlog"] == 0


def _events(sink: Sink, secret: str) -> dict[str, str]:
    """Return the events that came, verified, by their jobs; each job has but one."""
    events = {(one.verified(secret)["data"]["id"], one.id) for one in sink.received}
    assert len(events) == len(dict(events)), "a job has two events"
    return dict(events)


def test_a_first_model_is_trained_once(site: Stack) -> None:
    """Whoever brings the stack up again gets the champion that there is."""
    before = site.kerbside("model", "list", "--json")
    site.compose("run", "--rm", "-T", "training")

    assert site.kerbside("model", "list", "--json") == before


def test_everything_ends_in_order(site: Stack) -> None:
    """Each process hears SIGTERM, and is done before its time is up."""
    site.compose("stop")

    ended = {
        container: site.inspect(container)["State"]["ExitCode"]
        for service in SERVERS
        for container in site.containers(service)
    }
    assert ended == dict.fromkeys(ended, 0)
    assert len(ended) == 11 + len(site.containers("postgres"))
