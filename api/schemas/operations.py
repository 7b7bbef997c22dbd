"""What operators and load balancers are answered."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.body import Body


class Lane(Body):
    """Open work of a lane; each open job counts once."""

    waiting: int
    running: int
    backlog: int
    oldest_age_s: float
    workers: int
    arrivals_per_s: float
    jobs_per_s: float
    paused: bool


class Scaler(Body):
    """What an autoscaler needs to know."""

    queues: dict[str, Lane]


class HistoryPoint(Body):
    """How a lane stood at a time, and how fast it went since the point before."""

    time: datetime
    arrivals_per_s: float
    jobs_per_s: float
    waiting: int
    running: int
    oldest_age_s: float = Field(
        description="How long the first in line had waited; 0 where nobody waited."
    )
    mean_wait_s: float | None = Field(
        description="Of the jobs that started since the point before; null: none did."
    )
    paused: bool


class LaneHistory(Body):
    """What a lane did, oldest first; times in which nobody looked have no points."""

    lane: str
    time: datetime = Field(description="Now, on the clock that the points have.")
    step_s: int = Field(description="Seconds from point to point, about.")
    points: list[HistoryPoint]


class Queue(Lane):
    """A lane as it is, paused or not."""

    paused_since: datetime | None = Field(
        description="Null as well for a pause that was set by hand."
    )
    paused_by: str = Field(description="As `actor` in the audit log.")
    paused_reason: str
    dead: int = Field(description="Dead letters.")
    scheduled: int = Field(description="Jobs that are tried again at a set time.")
    parked: int = Field(
        description="Deliveries that wait until others to the same receiver have ended."
    )
    strays: int = Field(
        description="Messages that were set aside, since no job has their id; the "
        "newest 1,000."
    )


class Queues(Body):
    """Each lane, for operators."""

    queues: dict[str, Queue]


class LanePurged(Body):
    """What a purge has come to."""

    dry_run: bool
    purged: int = Field(description="Jobs that were ended, or would be.")
    remaining: int = Field(
        description="Those that waited as it began and may do so still, at most: "
        "repeat the request for them."
    )


class Worker(Body):
    """A worker that asks for work."""

    name: str
    lane: str
    last_seen: datetime


class WorkerList(Body):
    """Workers that asked for work within the last ten seconds, by lane and name."""

    results: list[Worker]


class PausedReceiver(Body):
    """A receiver that fails and is left alone for a while."""

    destination: str = Field(
        description="`wh_...`: an endpoint; else an origin of the URLs that requests "
        "bring themselves."
    )
    until: datetime
    tenant: str | None
    origin: str | None = Field(description="Scheme, host and port of its URL.")
    parked: int = Field(description="Deliveries that wait for it.")
    failing_since: datetime | None


class DisabledEndpoint(Body):
    """An endpoint that is sent nothing."""

    webhook: str
    tenant: str | None
    origin: str | None
    reason: Literal["by_client", "gone", "failing"] | None
    since: datetime | None


class WebhookHealth(Queue):
    """Lane `webhooks`, and how receivers are."""

    paused_count: int
    paused_receivers: list[PausedReceiver] = Field(
        description="Those that are left alone for longest, 100 at most."
    )
    endpoint_count: int
    disabled_count: int
    disabled_endpoints: list[DisabledEndpoint] = Field(description="100 at most.")


class Cause(Body):
    """Dead letters of one error."""

    error: str
    count: int
    versions: list[str]
    first: datetime
    last: datetime


class DeadLetter(Body):
    """A job whose worker died three times, without its house."""

    id: str
    tenant: str
    model: str
    version: str
    crashes: int
    attempts: int = Field(description="Starts, those that were given back included.")
    died_at: datetime
    error: str


class DeadLetters(Body):
    """Dead letters of all tenants: why, most frequent first, and which, newest first.

    Causes and results are those of the newest 2,000 letters.
    """

    total: int = Field(description="All that there are, whatever is asked for.")
    examined: int = Field(description="The newest, which were looked at.")
    causes: list[Cause]
    results: list[DeadLetter]


class SkippedLetter(Body):
    """What was left as it is, and why."""

    id: str
    reason: str


class LetterActionResult(Body):
    """What became of the dead letters that were meant."""

    dry_run: bool
    selected: int = Field(description="Letters that were meant, and ids that are none.")
    done: int
    skipped: list[SkippedLetter]
    remaining: int = Field(
        description="Those that are as they were: repeat the request for them, until "
        "`done` is 0 too."
    )
    refused: str | None = Field(
        description="Why the queue took no more of them: come back later. Null where "
        "it took all that were tried."
    )


class Action(Body):
    """What an operator did, or tried to do."""

    time: datetime
    actor: str = Field(
        description="`key:<id>` of an API key, or `cli:<user>` or `retraining:<user>` "
        "of the operating system."
    )
    operation: str = Field(
        description="Id of the operation, which a command that does the same shares."
    )
    targets: list[str] = Field(description="Ids of what it was about; the first 100.")
    target_count: int
    request_id: str | None = Field(description="Null for a command.")
    outcome: Literal["done", "refused", "failed"]


class AuditLog(Body):
    """What operators did, newest first: 10,000, and 1,000 that were in vain."""

    results: list[Action]


class Health(Body):
    """This process answers."""

    status: Literal["ok"]


class Ready(Body):
    """This process can take submits."""

    status: Literal["ready"]
    champion: str
