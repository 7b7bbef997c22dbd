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


class Action(Body):
    """What an operator did, or tried to do."""

    time: datetime
    actor: str = Field(
        description="`key:<id>` of an API key, or `cli:<user>` of the operating system."
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
