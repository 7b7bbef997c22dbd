"""/v1/ops: what operators and autoscalers read."""

import contextlib
from collections.abc import Sequence

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api import answers, queries
from api.answers import Answer
from api.auth import requires
from api.services import services
from model_store.aliases import Change
from model_store.errors import StoreError
from worker.history import MINUTES_KEPT
from worker.keys import LANES, PREDICTIONS

#: Actions of the audit log in an answer, at most and when nothing is said.
MAX_ACTIONS, DEFAULT_ACTIONS = 1000, 100

api = APIBlueprint("ops", __name__, url_prefix="/v1/ops", abp_tags=[Tag(name="ops")])


@api.get("/scaler", operation_id="read_scaler")
@requires("figures")
def scaler() -> Answer:
    """Read how much work is open in each lane, and how fast it comes and goes."""
    return answers.json(services().lanes.scaler())


@api.get("/history", operation_id="read_history")
@requires("figures")
def history() -> Answer:
    """Read how a lane did in the last hour, a point about each 10 seconds."""
    asked = queries.known(request.args, ("lane", "minutes"))
    lane = queries.one_of(asked, "lane", LANES) or [PREDICTIONS]
    minutes = queries.whole(asked, "minutes", most=MINUTES_KEPT, unsaid=MINUTES_KEPT)
    return answers.json(services().lanes.history(lane[0], minutes))


@api.get("/audit", operation_id="read_audit")
@requires("operate")
def audit() -> Answer:
    """Read what operators did, newest first."""
    asked = queries.known(request.args, ("limit",))
    limit = queries.limit(asked, most=MAX_ACTIONS, unsaid=DEFAULT_ACTIONS)
    return answers.json({"results": services().audit.newest(limit, _changes())})


def _changes() -> Sequence[Change]:
    """Return who changed the aliases; nothing where the store cannot be read."""
    with contextlib.suppress(StoreError):
        return services().catalog.aliases().changes
    return ()
