"""Whether a Redis keeps what it is given, and has room for more."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.commands.checkup.finding import Finding, Status
from worker.durability import Server

#: What the server must be like, and what its user may do.
PAGE = "docs/howto/own-redis.md"


def check(
    server: Server, info: Mapping[str, Any], share: float, where: str
) -> Iterator[Finding]:
    """Look at policy, log and memory.

    Args:
        server: What it says of them.
        info: All that it says of itself.
        share: Of its memory, above which new jobs are refused.
        where: Its address, without a password.
    """
    yield _policy(server, where)
    yield _log(server, info, where)
    yield _memory(server, share, where)


def _policy(server: Server, where: str) -> Finding:
    if server.policy == "noeviction":
        return Finding(check="redis policy", found="noeviction")
    return Finding(
        check="redis policy",
        status=Status.FAILED if server.evicts else Status.WARNING,
        found=f"maxmemory-policy {server.policy} at {where}",
        expected="noeviction: with any other a full server deletes acknowledged jobs",
        remedy="CONFIG SET maxmemory-policy noeviction, and the same in its file.",
    )


def _log(server: Server, info: Mapping[str, Any], where: str) -> Finding:
    if not server.logs:
        return Finding(
            check="redis log",
            status=Status.WARNING,
            found=f"no append-only file at {where}",
            expected="appendonly yes: without it a restart loses acknowledged jobs",
            remedy="CONFIG SET appendonly yes, and the same in its file.",
        )
    if info.get("aof_last_write_status", "ok") != "ok":
        return Finding(
            check="redis log",
            status=Status.FAILED,
            found=f"{where} could not write its append-only file",
            expected="a log that takes every write",
            remedy="Make room on its disk; it takes writes again by itself.",
        )
    return Finding(check="redis log", found="append-only file")


def _memory(server: Server, share: float, where: str) -> Finding:
    used = f"{server.used / 2**20:,.1f} MiB"
    if not server.maxmemory:
        return Finding(
            check="redis memory",
            status=Status.WARNING,
            found=f"{used} used at {where}, no maxmemory",
            expected="a bound: new jobs are refused before the machine is full",
            remedy=f"Set maxmemory; {PAGE} tells how much.",
        )
    part = server.used / server.maxmemory
    found = f"{used} of {server.maxmemory / 2**20:,.0f} MiB, {part:.1%}"
    if part < share * share:
        return Finding(check="redis memory", found=found)
    return Finding(
        check="redis memory",
        status=Status.FAILED if server.is_short(share) else Status.WARNING,
        found=f"{found} at {where}",
        expected=f"less than {share:.0%}, from which on new jobs are refused",
        remedy="Raise maxmemory (embedded: KERBSIDE_EMBEDDED_MEMORY), or keep results"
        " for a shorter time: KERBSIDE_RESULT_TTL_S.",
    )
