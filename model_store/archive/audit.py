"""What operators did, for longer than Redis keeps it."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from model_store.archive import tables
from model_store.archive.database import Database, upsert

_TABLE = tables.audit


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What an operator did, or tried to do."""

    #: In ms since the epoch.
    time_ms: int
    actor: str
    operation: str
    #: Ids of what it was about: the first of them, where they are many.
    targets: tuple[str, ...]
    target_count: int
    request_id: str | None
    #: `done`, `refused` or `failed`.
    outcome: str


class AuditTrail:
    """The archived audit log.

    Every verb raises ArchiveError when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entries: Iterable[AuditEntry]) -> None:
        """Write entries, all or none; one that is there already stays as it is."""
        rows = {}
        for entry in entries:
            row = {**asdict(entry), "targets": json.dumps(entry.targets)}
            digest = hashlib.sha256(json.dumps(row).encode()).hexdigest()
            rows[digest] = {"digest": digest, **row}
        with self._database.writing() as connection:
            upsert(connection, _TABLE, [rows[digest] for digest in sorted(rows)])
