"""/v1/ops: what operators and autoscalers read."""

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api import answers
from api.answers import Answer
from api.auth import requires
from api.services import services

api = APIBlueprint("ops", __name__, url_prefix="/v1/ops", abp_tags=[Tag(name="ops")])


@api.get("/scaler", operation_id="read_scaler")
@requires("operate")
def scaler() -> Answer:
    """Read how much work is open in each lane, and how fast it comes and goes."""
    return answers.json(services().lanes.scaler())
