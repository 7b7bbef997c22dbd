"""/v1/ops/queues and /v1/ops/workers: the lanes, and who works on them."""

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api import answers
from api.answers import Answer
from api.auth import requires
from api.services import services

api = APIBlueprint(
    "ops_queues", __name__, url_prefix="/v1/ops", abp_tags=[Tag(name="ops")]
)


@api.get("/queues", operation_id="read_queues")
@requires("operate")
def queues() -> Answer:
    """Read each lane as it is: what waits, runs, died, and who paused it."""
    return answers.json(services().lanes.queues())


@api.get("/workers", operation_id="list_workers")
@requires("operate")
def workers() -> Answer:
    """List the workers that asked for work within the last ten seconds."""
    return answers.json({"results": services().lanes.workers()})
