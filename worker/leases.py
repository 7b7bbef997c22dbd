"""What workers and upkeep hold of jobs: leases, claims, outcomes, ticks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Lease:
    """A job in a worker's hand."""

    id: str
    fence: int
    version: str
    #: The house as JSON.
    input: bytes
    crashes: int
    #: Alias by which the client named the version; None where it named the id.
    alias: str | None = None
    #: Whether the client wants the reasons for the price.
    explain: bool = False
    #: Milliseconds that it lay in its lane, and since its submit or retry; of a
    #: delivery since its event.
    waited_ms: int = 0
    age_ms: int = 0
    #: Its place in a trace, as `tracing.parsed` lets it pass.
    traceparent: str | None = None

    @classmethod
    def from_answer(
        cls, job_id: bytes, fence: int, version: bytes, house: bytes, *more: Any
    ) -> Self:
        """Read a job as the script `claim` answers it."""
        crashes, alias, explain, waited_ms, age_ms, traceparent = more
        return cls(
            job_id.decode(),
            fence,
            version.decode(),
            house,
            crashes,
            alias and alias.decode(),
            explain is not None,
            waited_ms,
            age_ms,
            traceparent and traceparent.decode(),
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker got when it asked for work."""

    leases: Sequence[Lease]
    #: Messages still in the lane.
    left: int
    paused: bool
    #: Messages without a record that were set aside.
    strays: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The outcome of one leased job."""

    lease: Lease
    #: The prediction as JSON; empty where there is none.
    output: bytes = b""
    error: str = ""
    predict_us: int = 0
    #: What `output` says.
    prediction: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick of the reaper did to a lane."""

    forgiven: int = 0
    retried: int = 0
    dead: int = 0
    resent: int = 0
    late: int = 0

    def counts(self) -> Iterable[tuple[str, int]]:
        """Return what was done, and to how many jobs."""
        return asdict(self).items()
