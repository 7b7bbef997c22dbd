"""Whether a Redis answers that Kerbside can use."""

import re
import statistics
import time
from collections.abc import Iterator, Mapping
from typing import Any

import redis

from api.commands import absence, redis_access
from api.commands.checkup import redis_durability, redis_login, redis_rights
from api.commands.checkup.finding import Finding, NoRedis, Status, Target
from api.launcher.statefolder import StateFolder
from worker.durability import Server

#: The scripts use what older servers do not know.
_OLDEST = (6, 2)
#: Milliseconds of a round trip from which a submit is slow by it.
_SLOW_MS = 20.0
_PINGS = 5
#: What OpenSSL says of a certificate, in the error of the connection.
_UNTRUSTED = "certificate verify failed"


def check(target: Target) -> Iterator[Finding]:
    """Look at the server that holds jobs, queues and keys."""
    where = place(target)
    try:
        with target.redis() as client:
            info: Mapping[str, Any] = client.info()
            yield _answers(client, info, where)
            yield version(info, where)
            yield from _is_one_primary(info, where)
            yield from redis_login.check(target, where)
            yield from redis_rights.check(client)
            share = target.settings.memory_share
            yield from redis_durability.check(Server.of(client), info, share, where)
    except NoRedis:
        yield _unknown(StateFolder(target.settings.state_dir))
    except (redis.RedisError, ValueError) as error:
        yield _unreachable(error, target, where)


def version(info: Mapping[str, Any], where: str) -> Finding:
    """Tell whether a server that says this of itself is new enough."""
    name = "Valkey" if "valkey_version" in info else "Redis"
    number = str(info.get("valkey_version") or info.get("redis_version") or "unknown")
    speaks = str(info.get("redis_version", "")).split(".")[:2]
    found = f"{name} {number}"
    if not all(part.isdigit() for part in speaks) or len(speaks) < len(_OLDEST):
        return Finding(check="redis version", found=found)
    if tuple(map(int, speaks)) >= _OLDEST:
        return Finding(check="redis version", found=found)
    return Finding(
        check="redis version",
        status=Status.FAILED,
        found=f"{found} at {where}",
        expected="Redis 6.2 or newer, or any Valkey",
        remedy="Install a newer server.",
    )


def place(target: Target) -> str:
    """Return where Redis is, without a password."""
    url = redis_access.address(target.settings) or ""
    return re.sub(r"//.*@", "//", url).partition("?")[0]


def _unknown(state: StateFolder) -> Finding:
    found = "this user may not look into" if state.is_barred() else "none is known in"
    return Finding(
        check="redis",
        status=Status.FAILED,
        found=f"{found} {state.path}",
        expected="a Redis",
        remedy=absence.told(state, absence.NO_REDIS),
    )


def _unreachable(error: Exception, target: Target, where: str) -> Finding:
    if isinstance(error, redis.AuthenticationError):
        expected, remedy = (
            "a password that opens",
            "Mend the one in KERBSIDE_REDIS_URL.",
        )
    elif isinstance(error, redis.ResponseError):
        expected = f"the rights of the user in {redis_durability.PAGE}"
        remedy = "Give the user these rights, or wait until the server has started."
    elif isinstance(error, redis.sentinel.MasterNotFoundError):
        expected = "a sentinel that names the primary"
        remedy = (
            "Mend hosts, master or sentinel_password in KERBSIDE_REDIS_URL, or see by"
            " SENTINEL MASTERS what the sentinels watch."
        )
    elif _UNTRUSTED in str(error):
        expected = "a certificate of its name, by an authority that is trusted"
        remedy = (
            "Name the authority's file in KERBSIDE_REDIS_URL, ?ssl_ca_certs=FILE, and"
            " the server as its certificate does."
        )
    else:
        expected, remedy = "an answer", _start(target)
    return Finding(
        check="redis",
        status=Status.FAILED,
        found=f"{where} does not serve: {str(error) or type(error).__name__}",
        expected=expected,
        remedy=remedy,
    )


def _start(target: Target) -> str:
    if "redis_url" in target.settings.model_fields_set:
        return "Start that server, or mend address and network of KERBSIDE_REDIS_URL."
    return (
        "Start `kerbside up`; while it runs, look into"
        f" {target.settings.state_dir / 'log' / 'redis.log'}."
    )


def _answers(client: redis.Redis, info: Mapping[str, Any], where: str) -> Finding:
    trips = []
    for _ in range(_PINGS):
        begun = time.perf_counter()
        client.ping()
        trips.append((time.perf_counter() - begun) * 1000)
    trip_ms = statistics.median(trips)
    clients = info.get("connected_clients", "?")
    found = f"{where} answers in {trip_ms:.1f} ms, {clients} clients"
    if trip_ms < _SLOW_MS:
        return Finding(check="redis", found=found)
    return Finding(
        check="redis",
        status=Status.WARNING,
        found=found,
        expected=f"less than {_SLOW_MS:g} ms",
        remedy="Put API and workers nearer to it, or look at its load.",
    )


def _is_one_primary(info: Mapping[str, Any], where: str) -> Iterator[Finding]:
    if info.get("cluster_enabled"):
        yield Finding(
            check="redis role",
            status=Status.FAILED,
            found=f"{where} is part of a Redis Cluster",
            expected="one primary",
            remedy="Use a server of which cluster mode is disabled.",
        )
    if info.get("role", "master") != "master":
        yield Finding(
            check="redis role",
            status=Status.FAILED,
            found=f"{where} is a replica of {info.get('master_host')}",
            expected="the primary, which takes writes",
            remedy="Name the primary in KERBSIDE_REDIS_URL, or the sentinels.",
        )
