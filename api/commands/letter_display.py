"""How dead letters are told, to programs and to people."""

from typing import Any

from worker.dead_letters import Cause, DeadLetter
from worker.jobs import rfc3339


def record(letter: DeadLetter) -> dict[str, Any]:
    """Return the JSON of a letter, without its house."""
    return {
        "id": letter.id,
        "tenant": letter.tenant,
        "model": letter.model,
        "version": letter.version,
        "crashes": letter.crashes,
        "attempts": letter.attempts,
        "died_at": rfc3339(letter.died_ms),
        "error": letter.error,
    }


def cause_record(cause: Cause) -> dict[str, Any]:
    """Return the JSON of the letters of one error."""
    return {
        "error": cause.error,
        "count": cause.count,
        "versions": sorted(cause.versions),
        "first_died_at": rfc3339(cause.first_ms),
        "last_died_at": rfc3339(cause.last_ms),
    }


def letter_lines(letter: dict[str, Any]) -> tuple[str, str]:
    """Return what is told of a letter: two lines fit where a table would not."""
    return (
        "{id}  {died_at}  {tenant}".format(**letter),
        "{version}, {crashes} crashes in {attempts} starts: {error}".format(**letter),
    )


def cause_lines(cause: dict[str, Any]) -> tuple[str, str]:
    """Return what is told of the letters of one error."""
    versions = ", ".join(cause["versions"])
    span = "from {first_died_at} to {last_died_at}".format(**cause)
    return "{count:,}  {error}".format(**cause), f"{versions}, {span}"
