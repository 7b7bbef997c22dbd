"""A clock that is set by hand."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Stands still until a test adds to its `seconds`."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        """Return monotonic seconds."""
        return self.seconds

    def now(self) -> datetime:
        """Return the same as an instant."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)
