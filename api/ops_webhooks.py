"""/v1/ops/webhooks: how deliveries go over all tenants."""

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api import answers
from api.answers import Answer
from api.auth import requires
from api.services import services
from worker.keys import WEBHOOKS

api = APIBlueprint(
    "ops_webhooks", __name__, url_prefix="/v1/ops", abp_tags=[Tag(name="ops")]
)


@api.get("/webhooks", operation_id="read_webhook_health")
@requires("operate")
def health() -> Answer:
    """Read what is to be delivered, which receivers are left alone, and which are off.

    100 receivers and 100 endpoints are shown at most, those of 1,000 tenants counted.
    """
    shared = services()
    lane = shared.lanes.queue(WEBHOOKS)
    tenants = (key.tenant for key in shared.keys.list())
    known = shared.webhook_health
    body = {**lane, **known.paused(), **known.endpoints(tenants)}
    return answers.json(body)
