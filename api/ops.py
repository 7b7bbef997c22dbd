"""/v1/ops: what operators and autoscalers read."""

import re

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api import answers
from api.answers import Answer
from api.auth import requires
from api.errors import MalformedParameter
from api.services import services

#: Actions of the audit log in an answer, at most and when nothing is said.
MAX_ACTIONS, DEFAULT_ACTIONS = 1000, 100

api = APIBlueprint("ops", __name__, url_prefix="/v1/ops", abp_tags=[Tag(name="ops")])


@api.get("/scaler", operation_id="read_scaler")
@requires("operate")
def scaler() -> Answer:
    """Read how much work is open in each lane, and how fast it comes and goes."""
    return answers.json(services().lanes.scaler())


@api.get("/audit", operation_id="read_audit")
@requires("operate")
def audit() -> Answer:
    """Read what operators did, newest first."""
    return answers.json({"results": services().audit.newest(_limit())})


def _limit() -> int:
    limits = request.args.getlist("limit") or [str(DEFAULT_ACTIONS)]
    limit = limits[0]
    if request.args.keys() - {"limit"} or len(limits) > 1:
        raise MalformedParameter("This log takes limit, once, and nothing else.")
    if not re.fullmatch(r"[0-9]{1,4}", limit) or not 1 <= int(limit) <= MAX_ACTIONS:
        raise MalformedParameter(f"limit must be a whole number, 1 to {MAX_ACTIONS}.")
    return int(limit)
