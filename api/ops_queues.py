"""/v1/ops/queues and /v1/ops/workers: the lanes, and who works on them."""

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import answers, audit_trail, json_body
from api.answers import Answer
from api.auth import requires
from api.call import current_call
from api.ops_body import LanePause
from api.ops_problems import UnknownLane
from api.services import services
from worker.ledger import LANES

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
@requires("operate")
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
    lanes.pause(lane, by=audit_trail.actor(call), reason=asked.reason)
    return answers.json(lanes.queue(lane))


@api.post("/queues/<string:lane>:resume", operation_id="resume_lane")
@requires("operate")
def resume(path: LanePath) -> Answer:
    """Let workers take jobs of a lane again."""
    lane, lanes = _known(path), services().lanes
    lanes.resume(lane)
    return answers.json(lanes.queue(lane))


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
