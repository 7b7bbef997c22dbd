"""What the server holds once a row is over, read without the code under test."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from tests.chaos.load import Taken
from worker.keys import PREDICTIONS

_CHUNK = 500
#: Ends of jobs after which work is taken to flow again.
_FLOW = 20
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
            family: _count(server, family) for family in ("job", "gone", "idempotency")
        },
    )


def _count(server: Any, family: str) -> int:
    """Count the keys of a family but for those of other lanes' jobs."""
    names = [
        key
        for key in server.scan_iter(f"kerbside:{family}:*", count=5000)
        if b":dlv_" not in key and b":bat_" not in key
    ]
    if family != "idempotency" or not names:
        return len(names)
    # What it leads to stands in the entry alone.
    return sum(not (one or b"").startswith(b"bat_") for one in server.mget(names))


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


def recoveries_s(
    records: dict[str, Record], faults: Sequence[tuple[int, frozenset[str]]]
) -> Iterator[float]:
    """Yield the seconds from each fault to the end of the last job that it hit.

    Args:
        records: All records of the row.
        faults: When each was over, in milliseconds of the server's clock, and the jobs
            hit. A job that was hit again counts for the last fault only. Where a fault
            hit everything, none are named: work flows again with the twentieth end.
    """
    ends = {one: record.completed_ms for one, record in records.items()}
    all_ends = sorted(end for end in ends.values() if end)
    hit_again: set[str] = set()
    for at_ms, hit in reversed(faults):
        if hit:
            counted = [ends[one] for one in hit - hit_again if one in ends]
        else:
            counted = [end for end in all_ends if end >= at_ms][:_FLOW]
        hit_again |= hit
        if counted:
            yield max(0, max(counted) - at_ms) / 1000


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
