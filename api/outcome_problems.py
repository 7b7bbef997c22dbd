"""What can go wrong around told sales, as a client is told; part of `errors`.

ServiceError
 +-- UnknownOutcome                                                         404
 +-- OutcomeWithdrawn                                                       410
"""

from api.errors import ServiceError
from worker.jobs import rfc3339


class UnknownOutcome(ServiceError):
    """You have told no sale of this id."""

    status = 404
    slug = "unknown-outcome"
    title = "Sale not found"


class OutcomeWithdrawn(ServiceError):
    """You withdrew this sale, and nothing is kept of it.

    Args:
        withdrawn_ms: When, in ms since the epoch.
    """

    status = 410
    slug = "outcome-withdrawn"
    title = "Sale withdrawn"

    def __init__(self, withdrawn_ms: int | None = None) -> None:
        super().__init__(
            members={
                "reason": "deleted",
                "data_removed": True,
                "deleted_at": rfc3339(withdrawn_ms),
            }
        )
