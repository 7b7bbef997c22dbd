"""What the server holds once a row is over, read without the code under test."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from tests.chaos.load import Taken
from worker.ledger import PREDICTIONS

_CHUNK = 500
_FINAL = ("succeeded", "failed", "canceled")


@dataclass(frozen=True, slots=True)
class Record:
    """A job's record, as far as it is judged."""

    state: str
    detail: str
    output: bytes
    attempts: int
    crashes: int
    completed_ms: int

    @property
    def has_ended(self) -> bool:
        """Tell whether the job is in a terminal state."""
        return self.state in _FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """Everything that the server holds of a lane."""

    #: By id; an id without a record is missing.
    records: dict[str, Record]
    #: How many jobs were taken and ended, by the ledger's own counters.
    numbered: int
    done: int
    #: Dead letters.
    dead: frozenset[str]
    #: Messages that were set aside.
    strays: tuple[bytes, ...]
    #: Entries that must be gone when every job has ended, by key.
    leftovers: dict[str, int]
    #: Keys by family.
    keys: dict[str, int]


def holdings(client: redis.Redis, ids: Iterable[str]) -> Holdings:
    """Read everything."""
    server: Any = client
    return Holdings(
        records=_records(server, list(ids)),
        numbered=int(server.get(f"kerbside:number:{PREDICTIONS}") or 0),
        done=int(server.get(f"kerbside:done:{PREDICTIONS}") or 0),
        dead=frozenset(
            one.decode() for one in server.zrange(f"kerbside:dead:{PREDICTIONS}", 0, -1)
        ),
        strays=tuple(server.lrange(f"kerbside:strays:{PREDICTIONS}", 0, -1)),
        leftovers=leftovers(client),
        keys={
            family: sum(1 for _ in server.scan_iter(f"kerbside:{family}:*", count=5000))
            for family in ("job", "gone", "idempotency")
        },
    )


def leftovers(client: redis.Redis) -> dict[str, int]:
    """Count what a lane holds of jobs that have not ended."""
    pipe: Any = client.pipeline(transaction=False)
    zsets = [f"kerbside:{kind}:{PREDICTIONS}" for kind in _OPEN]
    pipe.llen(PREDICTIONS)
    for key in zsets:
        pipe.zcard(key)
    return dict(zip([PREDICTIONS, *zsets], pipe.execute(), strict=True))


def is_drained(client: redis.Redis) -> bool:
    """Tell whether every job that was taken has ended and nothing is left of it."""
    server: Any = client
    counts = [
        int(server.get(f"kerbside:{name}:{PREDICTIONS}") or 0)
        for name in ("number", "done")
    ]
    return counts[0] == counts[1] and not any(leftovers(client).values())


def recovery_s(
    records: dict[str, Record], faults: Sequence[tuple[int, frozenset[str]]]
) -> float | None:
    """Return the longest time from a fault to the end of the jobs that it hit.

    Args:
        records: All records of the row.
        faults: When each was over, in milliseconds of the server's clock, and the jobs
            hit; where it hit all, none are named, and the next end of a job counts.
    """
    ends = sorted(one.completed_ms for one in records.values() if one.completed_ms)
    times = []
    for at_ms, hit in faults:
        if hit:
            known = [records[one].completed_ms for one in hit if one in records]
            times.append(max(known, default=0) - at_ms)
        else:
            times += [end - at_ms for end in ends if end >= at_ms][:1]
    return max(times) / 1000 if times else None


_OPEN = ("waiting", "running", "deadlines")


def ids_of(taken: Sequence[Taken]) -> list[str]:
    """Return the ids of acknowledged jobs."""
    return [one.id for one in taken]


def _records(server: Any, ids: list[str]) -> dict[str, Record]:
    found = {}
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        pipe = server.pipeline(transaction=False)
        for one in chunk:
            pipe.hgetall(f"kerbside:job:{one}")
        for one, fields in zip(chunk, pipe.execute(), strict=True):
            if fields:
                found[one] = _record(fields)
    return found


def _record(fields: dict[bytes, bytes]) -> Record:
    return Record(
        state=fields.get(b"state", b"").decode(),
        detail=fields.get(b"detail", b"").decode(),
        output=fields.get(b"output", b""),
        attempts=int(fields.get(b"attempts", 0)),
        crashes=int(fields.get(b"crashes", 0)),
        completed_ms=int(fields.get(b"completed", 0)),
    )
