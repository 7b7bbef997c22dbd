"""The archive as the rest of Kerbside sees it."""

from typing import Self

from model_store.archive.audit import AuditTrail
from model_store.archive.database import STATEMENT_S, Database
from model_store.archive.gate import Gate
from model_store.archive.outcomes import Outcomes
from model_store.archive.predictions import Predictions
from model_store.archive.properties import Properties
from model_store.archive.reports import Reports
from model_store.archive.retention import Retention
from model_store.archive.revaluations import Revaluations
from model_store.archive.sales import Sales
from model_store.archive.shadows import Shadows
from model_store.archive.valuations import Valuations
from model_store.settings import ModelSettings


class Archive:
    """An archive; safe to share between threads, and connects when first used.

    Args:
        url: Where it is, as KERBSIDE_ARCHIVE_URL says it.
        limit_s: Seconds that a server may take for a statement.
        gate: What all have to pass; by default nobody is kept back.

    Raises:
        ArchiveError: What PostgreSQL needs is not installed.
    """

    def __init__(
        self, url: str, *, limit_s: float = STATEMENT_S, gate: Gate | None = None
    ) -> None:
        self.database = Database(url, limit_s=limit_s, gate=gate)
        self.predictions = Predictions(self.database)
        self.sales = Sales(self.database)
        self.outcomes = Outcomes(self.database)
        self.audit = AuditTrail(self.database)
        self.shadows = Shadows(self.database)
        self.properties = Properties(self.database)
        self.valuations = Valuations(self.database)
        self.reports = Reports(self.database)
        self.revaluations = Revaluations(self.database)
        self.retention = Retention(self.database)

    @classmethod
    def of(cls, settings: ModelSettings) -> Self | None:
        """Return the archive of an installation; None where it has none.

        Raises:
            ArchiveError: What PostgreSQL needs is not installed.
        """
        return None if settings.archive_url is None else cls(settings.archive_url)

    def migrate(self) -> tuple[str | None, str]:
        """Make the tables, or bring them to the state that this code knows.

        Returns:
            The revision before, None for an empty database, and the one now.

        Raises:
            ArchiveError: The database cannot be used, or is newer than this code.
        """
        # Alembic takes longer to load than all else here, and few need it.
        from model_store.archive import migration  # noqa: PLC0415

        return migration.migrate(self.database)

    def check(self) -> None:
        """Find out whether the database answers and has the tables expected.

        Raises:
            ArchiveUnavailable: It does not answer.
            ArchiveNotMigrated: Its tables are older or newer than this code.
        """
        with self.database.reading():
            pass

    def close(self) -> None:
        """Close the connections."""
        self.database.close()
