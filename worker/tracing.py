"""The trace that a job belongs to, W3C Trace Context; `spans` records its steps.

A job's record carries a `traceparent` where its client sent one or its submit was
recorded; it goes on to worker and webhook, whether or not anybody here records.
"""

import importlib
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from worker.leases import Completion
from worker.settings import WorkerSettings

_TRACEPARENT = re.compile(
    r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII
)


def parsed(header: str | None) -> str | None:
    """Return a `traceparent` that is formed as version 00 says; None: it is none."""
    return header if header and _TRACEPARENT.fullmatch(header) else None


class Step:
    """A step of a trace that nobody records, as a request or a delivery.

    Args:
        traceparent: What follows it goes on with; None where it is in no trace.
    """

    #: The step's own place in its trace; None where nobody records.
    context: str | None = None

    def __init__(self, traceparent: str | None) -> None:
        self.traceparent = traceparent

    def end(self, *, status: int | None, error: str | None = None, **told: str) -> None:
        """Tell how it ended.

        Args:
            status: The HTTP status; None where none came.
            error: A word for what went wrong, where no status says it.
            told: Further attributes; `route` is the pattern of the request's path.
        """


class Tracing:
    """Records nothing: what came with a job goes on with it, at no cost."""

    def request(self, method: str, traceparent: str | None) -> Step:
        """Begin a request to the API.

        Args:
            method: HTTP method.
            traceparent: What its client sent.
        """
        del method
        return Step(traceparent)

    def sending(
        self, lane: str, job_id: str, traceparent: str | None
    ) -> AbstractContextManager[str | None]:
        """Hand a job to the queue in the block, which gets what the job carries on."""
        del lane, job_id
        return nullcontext(traceparent)

    def processed(
        self, lane: str, completions: Sequence[Completion], runs_s: Sequence[float]
    ) -> None:
        """Tell of a batch that has just been written.

        Args:
            lane: Where its jobs waited.
            completions: Their outcomes.
            runs_s: Seconds since each of them was claimed.
        """

    def delivery(self, record: Mapping[bytes, bytes], url: str) -> Step:
        """Begin an attempt to deliver.

        Args:
            record: The delivery's ledger hash.
            url: Where it goes; of it no more is told than host and port.
        """
        del url
        return Step(record.get(b"job:traceparent", b"").decode() or None)


def chosen(settings: WorkerSettings, service: str) -> Tracing:
    """Return what records the steps of this process, where the settings ask for it.

    Args:
        settings: Whether they do.
        service: What this process is called there: `kerbside-` and this word.
    """
    if not settings.tracing:
        return Tracing()
    # By name: only a process that traces pays for importing OpenTelemetry.
    made: Tracing = importlib.import_module("worker.spans").exporting(service)
    return made
