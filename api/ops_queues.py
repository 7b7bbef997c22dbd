"""/v1/ops/queues and /v1/ops/workers: the lanes, and who works on them."""

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field
from redis.exceptions import OutOfMemoryError

from api import answers, audit_trail, json_body
from api.answers import Answer
from api.auth import requires
from api.call import current_call
from api.errors import MemoryIsFull
from api.ops_body import LanePause, LanePurge
from api.ops_problems import UnknownLane
from api.services import services
from worker.keys import LANES
from worker.purging import Purged

#: Jobs that one request ends, some more at most.
_PURGED = 20_000
_NOT_PAUSED = (
    "The job store is full, and a pause is written to it: the lane is not paused. "
    "Purge it, discard dead letters, or raise maxmemory; then pause it."
)

api = APIBlueprint(
    "ops_queues", __name__, url_prefix="/v1/ops", abp_tags=[Tag(name="ops")]
)


# With its converter: without one flask-openapi3 takes `lane>:` for it.
class LanePath(BaseModel):
    """Which lane."""

    lane: str = Field(
        description="Name of a lane.", json_schema_extra={"enum": list(LANES)}
    )


@api.get("/queues", operation_id="read_queues")
@requires("figures")
def queues() -> Answer:
    """Read each lane as it is: what waits, runs, died, and who paused it."""
    return answers.json(services().lanes.queues())


@api.post("/queues/<string:lane>:pause", operation_id="pause_lane")
@requires("operate")
def pause(path: LanePath) -> Answer:
    """Let no worker take jobs of a lane; it takes submits all the same.

    A lane that is paused already stays so, since its first pause and for its reason.
    """
    call, lane = current_call(), _known(path)
    asked = json_body.read(call, LanePause, is_optional=True)
    lanes = call.shared.lanes
    try:
        lanes.pause(lane, by=audit_trail.actor(call), reason=asked.reason)
    except OutOfMemoryError as error:
        raise MemoryIsFull(_NOT_PAUSED) from error
    return answers.json(lanes.queue(lane))


@api.post("/queues/<string:lane>:resume", operation_id="resume_lane")
@requires("operate")
def resume(path: LanePath) -> Answer:
    """Let workers take jobs of a lane again."""
    lane, lanes = _known(path), services().lanes
    lanes.resume(lane)
    return answers.json(lanes.queue(lane))


@api.post("/queues/<string:lane>:purge", operation_id="purge_lane")
@requires("operate")
def purge(path: LanePath) -> Answer:
    """End all that waits in a lane as canceled, `by_operator`; clients are told.

    What workers have in hand, and what comes meanwhile, is left alone. Deliveries of
    webhooks can be recovered. A request ends 20,000 jobs at most: repeat it while
    `remaining` is not 0.
    """
    call, lane = current_call(), _known(path)
    asked = json_body.read(call, LanePurge, is_optional=True)
    if asked.dry_run:
        audit_trail.nothing_done()
        waiting = call.shared.purging.waiting(lane)
        purged = Purged(min(waiting, _PURGED), max(0, waiting - _PURGED))
    else:
        purged = call.shared.purging.purge(lane, most=_PURGED)
    body = {"purged": purged.ended, "remaining": purged.remaining}
    return answers.json({"dry_run": asked.dry_run, **body})


@api.get("/workers", operation_id="list_workers")
@requires("operate")
def workers() -> Answer:
    """List the workers that asked for work within the last ten seconds."""
    return answers.json({"results": services().lanes.workers()})


def _known(path: LanePath) -> str:
    """Return the lane that a path names; the action in hand is about it."""
    if path.lane not in LANES:
        raise UnknownLane
    audit_trail.about(path.lane)
    return path.lane
