"""What monitoring computed last, for those who show it."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from model_store.archive import tables
from model_store.archive.database import Database, upsert
from model_store.archive.report import Report

_TABLE = tables.reports


class Reports:
    """The last report of each name.

    Every verb raises ArchiveError when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, name: str, body: Mapping[str, Any], *, made_ms: int) -> None:
        """Write a report in the place of an older one of its name."""
        row = {"name": name, "made_ms": made_ms, "body": json.dumps(dict(body))}
        with self._database.writing() as connection:
            upsert(connection, _TABLE, [row], newer_by=["made_ms"])

    def get(self, name: str) -> Report | None:
        """Return the last report of a name; None where none was made."""
        columns = (_TABLE.c.made_ms, _TABLE.c.body)
        query = select(*columns).where(_TABLE.c.name == name)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return row and Report(row.made_ms, json.loads(row.body))
