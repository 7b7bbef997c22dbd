"""What every container of the compose file may do, and what it is told."""

import re
from typing import Any

import pytest

from tests.deploy import compose_file
from tests.structure.source import ROOT
from worker import redis_acl
from worker.settings import WorkerSettings
from worker.webhook_settings import WebhookSettings

SERVICES = compose_file.services()
#: Those that run until they are stopped.
SERVERS = {name: one for name, one in SERVICES.items() if one.get("restart") != "no"}

#: The only folder that every container may write to, in memory; of PostgreSQL also
#: where its socket is.
TEMPORARY = "/tmp"  # noqa: S108
SOCKET = {"postgres": ["/run/postgresql"]}

#: The services of the profile postgres.
ARCHIVE = {"postgres", "migration"}

every_service = pytest.mark.parametrize("name", SERVICES)
every_server = pytest.mark.parametrize("name", SERVERS)


@every_service
def test_a_container_can_do_no_more_than_it_must(name: str) -> None:
    """Whoever takes one over is nobody, has no rights and can write nowhere."""
    service = SERVICES[name]

    uid, gid = service["user"].split(":")
    assert int(uid) > 0 < int(gid)
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    written = [one.partition(":")[0] for one in service["tmpfs"]]
    assert written == [TEMPORARY, *SOCKET.get(name, ())]
    assert not {"privileged", "cap_add", "pid", "ipc", "devices"} & service.keys()


@every_service
def test_a_container_is_bounded(name: str) -> None:
    """One that leaks takes no other down, nor the disk."""
    limits = SERVICES[name]["deploy"]["resources"]["limits"]

    assert set(limits) == {"cpus", "memory", "pids"}
    assert set(SERVICES[name]["logging"]["options"]) == {"max-size", "max-file"}


@every_server
def test_a_server_is_looked_at_and_started_anew(name: str) -> None:
    """Others wait until it is healthy, not until it exists."""
    service = SERVERS[name]

    assert service["restart"] == "unless-stopped"
    assert {"test", "interval", "timeout", "start_period"} <= set(
        service["healthcheck"]
    )


@every_service
def test_what_a_container_waits_for_is_healthy_or_done(name: str) -> None:
    """A list of names would only tell the order of starts.

    Nobody needs an archive: its profile may be off, and it may fail to start.
    """
    for other, how in SERVICES[name].get("depends_on", {}).items():
        ends = SERVICES[other].get("restart") == "no"
        done = "service_completed_successfully" if ends else "service_healthy"
        optional = {"required": False} if other in ARCHIVE else {}
        assert how == {"condition": done} | optional


@every_service
def test_a_container_has_time_to_end(name: str) -> None:
    """A worker that is killed before its batch is done leaves it to others."""
    service = SERVICES[name]
    grace = compose_file.seconds(service["stop_grace_period"])

    own = service.get("environment", {}).get("KERBSIDE_DRAIN_S")
    assert grace >= float(own or WorkerSettings().drain_s) + 5


def test_a_delivery_under_way_may_end_before_its_worker_does() -> None:
    """Else it would be given back, and made a second time."""
    drain = SERVICES["webhooks"]["environment"]["KERBSIDE_DRAIN_S"]

    assert float(drain) > WebhookSettings().webhook_timeout_s


def test_every_worker_tells_that_it_makes_progress() -> None:
    """Whatever else it is told."""
    for name in ("worker", "batches", "webhooks", "upkeep"):
        told = SERVICES[name]["environment"]
        assert told["KERBSIDE_HEALTH_DIR"] == "/tmp/health"  # noqa: S108
        assert told["KERBSIDE_METRICS_PORT"] == "9464"


def test_addresses_in_answers_follow_the_port_that_is_published() -> None:
    """Unless it is said where clients come in."""
    (port,) = (one for one in SERVICES["balancer"]["ports"] if one.endswith(":8080"))
    default = "http://" + port.removesuffix(":8080")

    told = SERVICES["api"]["environment"]["KERBSIDE_PUBLIC_URL"]
    assert told == f"${{KERBSIDE_PUBLIC_URL:-{default}}}"


@every_service
def test_what_is_published_is_published_to_this_host_alone(name: str) -> None:
    """What is to be reached from elsewhere stands behind TLS."""
    for port in SERVICES[name].get("ports", ()):
        assert port.startswith("127.0.0.1:"), port


def test_only_what_people_look_at_is_published() -> None:
    """Redis, API and workers are reached by nobody but their neighbours."""
    published = {name for name, one in SERVICES.items() if one.get("ports")}

    assert published == {"balancer", "flower", "prometheus", "grafana"}


def test_any_number_can_be_started() -> None:
    """What is to be scaled has no name and no port of its own."""
    for name in ("api", "worker", "batches", "webhooks", "upkeep"):
        assert not {"container_name", "ports", "hostname"} & SERVICES[name].keys()
    assert SERVICES["api"]["deploy"]["replicas"] >= 2
    assert SERVICES["worker"]["deploy"]["replicas"] >= 2


@pytest.mark.parametrize("name", compose_file.OTHERS)
def test_images_of_others_are_pinned_and_can_be_replaced(name: str) -> None:
    """By a tag that tells the version, and a variable for a registry of one's own.

    A release of PostgreSQL has one number: the second one is that of its mends.
    """
    version = r"\d+" if name == "postgres" else r"v?\d+\.\d+[a-z0-9.]*"

    assert re.fullmatch(
        rf"\$\{{[A-Z]+_IMAGE:-[a-z/]+:{version}(-[a-z]+)?\}}", SERVICES[name]["image"]
    )


def test_everything_of_ours_is_one_image() -> None:
    """Its role is its command."""
    ours = [one for name, one in SERVICES.items() if name not in compose_file.OTHERS]

    assert {one["image"] for one in ours} == {"${IMAGE:-kerbside:local}"}
    assert {one["user"] for one in ours} == {"10001:10001"}


def test_each_process_knows_its_own_secrets_and_no_others() -> None:
    """Whoever takes over one of them has nobody else's rights."""
    known = {name: compose_file.secrets_of(one) for name, one in SERVICES.items()}

    assert {name: files for name, files in known.items() if files} == {
        "redis": {"users.acl"},
        "training": {"trust.env", "signing-key.pem", "archive.env"},
        "postgres": {"archive.sql", "postgres-password"},
        "migration": {"archive.env"},
        "api": {"api.env", "trust.env", "sealing.env", "archive.env"},
        "worker": {"worker.env", "trust.env"},
        "batches": {"worker.env", "trust.env"},
        "webhooks": {"worker.env", "sealing.env"},
        "upkeep": {"worker.env", "trust.env", "archive.env"},
        "flower": {"flower.env", "flower-login.env"},
        "kerbside": {"operator.env", "trust.env", "sealing.env", "archive.env"},
        "prometheus": {"metrics-key"},
        "grafana": {"grafana-login.env"},
    }
    assert {f"{user}.env" for user in redis_acl.USERS} - {"keda.env"} <= {
        file for files in known.values() for file in files
    }


def test_no_secret_stands_in_the_file() -> None:
    """Only the names of files that `kerbside init` writes, outside of git."""
    told = [value for one in SERVICES.values() for value in _variables(one)]
    ignored = (ROOT / ".gitignore").read_text().splitlines()

    assert not [
        name
        for name, _ in told
        if re.search("KEY|PASSWORD|SECRET|AUTH", name) and not name.endswith("_FILE")
    ]
    assert not [value for _, value in told if "@" in value]
    assert "deploy/secrets/" in ignored


def _variables(service: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, str(value)) for name, value in service.get("environment", {}).items()
    ]


def test_who_needs_nothing_of_the_internet_cannot_reach_it() -> None:
    """Two networks have no way out, and training does not know the queue."""
    content = compose_file.read()
    reached: dict[str, set[str]] = {}
    for name, one in SERVICES.items():
        for network in one["networks"]:
            reached.setdefault(network, set()).add(name)

    closed = {
        name for name, one in content["networks"].items() if one == {"internal": True}
    }
    assert closed == {"queue", "archive"}
    assert {
        "redis",
        "postgres",
        "migration",
        "training",
        "worker",
        "batches",
        "upkeep",
    }.isdisjoint(reached["outside"])
    assert reached["archive"] == {
        *("postgres", "migration", "training", "api", "upkeep", "kerbside")
    }
    assert not {"postgres", "migration", "training"} & reached["queue"]


def test_who_is_told_where_the_archive_is_reaches_it_and_nobody_else() -> None:
    """Workers need none, and a stack works without: the file need not be there."""
    told = {
        name
        for name, one in SERVICES.items()
        if "archive.env" in compose_file.secrets_of(one)
    }
    named = [
        file
        for one in SERVICES.values()
        for file in one.get("env_file", ())
        if "archive.env" in str(file)
    ]
    reach = {name for name, one in SERVICES.items() if "archive" in one["networks"]}

    assert told == reach - {"postgres"}
    assert all(one["required"] is False for one in named)


def test_an_archive_that_fails_takes_no_server_but_its_own_with_it() -> None:
    """Prices are answered meanwhile; only who fills the archive waits for tables."""
    waiting = {
        name: ARCHIVE & set(one.get("depends_on", ())) for name, one in SERVICES.items()
    }

    assert {name: others for name, others in waiting.items() if others} == {
        "migration": {"postgres"},
        "upkeep": {"migration"},
    }


def test_the_archive_is_there_with_its_profile_alone() -> None:
    """Server and tables come and go together."""
    with_it = {
        name for name, one in SERVICES.items() if one.get("profiles") == ["postgres"]
    }

    assert with_it == ARCHIVE
    assert "postgres:/var/lib/postgresql/data" in SERVICES["postgres"]["volumes"]
    made = SERVICES["postgres"]["environment"]["PGDATA"]
    assert made.startswith("/var/lib/postgresql/data/")


def test_only_training_and_commands_write_models() -> None:
    """A worker that is taken over puts no model under the others."""
    writes = {
        name
        for name, one in SERVICES.items()
        if "models:/var/lib/kerbside/models" in one.get("volumes", ())
    }

    assert writes == {"training", "kerbside"}


def test_files_of_batches_are_shared_by_who_needs_them_and_nobody_else() -> None:
    """Who takes them, who prices, who removes; on a volume, for all roots are fixed."""
    place = "/var/lib/kerbside/batches"
    told, mounts = (
        {name for name, one in SERVICES.items() if found in one.get(where, ())}
        for where, found in (
            ("environment", "KERBSIDE_BATCHES_URL"),
            ("volumes", f"batches:{place}"),
        )
    )
    urls = {SERVICES[name]["environment"]["KERBSIDE_BATCHES_URL"] for name in told}

    assert told == mounts == {"api", "batches", "upkeep"}
    assert urls == {place}
    # A new volume gets its owner from the image.
    assert f" {place}\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_batches_yield_to_whoever_waits() -> None:
    """Between containers it is shares that count; the others have the usual 1024."""
    shares = {name: one.get("cpu_shares") for name, one in SERVICES.items()}

    assert {name: one for name, one in shares.items() if one} == {"batches": 110}


def test_redis_keeps_what_it_is_given() -> None:
    """Each write is in its log within a second, and nothing is thrown away."""
    command = SERVICES["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))

    assert options["--appendonly"] == "yes"
    assert options["--appendfsync"] == "everysec"
    assert options["--maxmemory-policy"] == "noeviction"
    assert options["--aclfile"] == "/run/secrets/users.acl"
    assert "--maxmemory" in options


def test_workers_are_started_as_up_starts_them() -> None:
    """One lane each, on the pool that the batching needs."""
    lanes = {}
    for name in ("worker", "batches", "webhooks", "upkeep"):
        words = SERVICES[name]["command"]
        options = dict(zip(words[5::2], words[6::2], strict=False))
        assert (options["--pool"], options["--concurrency"]) == ("threads", "1")
        assert options["--hostname"] == f"{options['--queues']}@%h"
        lanes[name] = options["--queues"]

    assert lanes == {
        "worker": "predictions",
        "batches": "batches",
        "webhooks": "webhooks",
        "upkeep": "upkeep",
    }
    assert "--beat" in SERVICES["upkeep"]["command"]
