"""What operators and load balancers are answered."""

from typing import Literal

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


class Health(Body):
    """This process answers."""

    status: Literal["ok"]


class Ready(Body):
    """This process can take submits."""

    status: Literal["ready"]
    champion: str
