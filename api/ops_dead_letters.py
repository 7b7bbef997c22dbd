"""/v1/ops/dead-letters: jobs that killed their workers, of all tenants."""

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api import answers, queries
from api.answers import Answer
from api.auth import requires
from api.services import services
from worker.dead_letters import Selection, causes

#: Letters of an answer, at most and when nothing is said.
MAX_LETTERS, DEFAULT_LETTERS = 500, 50
#: The newest letters, of which causes are counted: who asks again and again is to hold
#: up nobody.
_EXAMINED = 2000

api = APIBlueprint(
    "ops_dead_letters", __name__, url_prefix="/v1/ops", abp_tags=[Tag(name="ops")]
)


@api.get("/dead-letters", operation_id="list_dead_letters")
@requires("operate")
def list_all() -> Answer:
    """List dead letters, newest first, and count them by cause; without their houses.

    Causes and results are those of the newest 2,000 letters.
    """
    asked = queries.known(request.args, ("cause", "version", "limit"))
    limit = queries.limit(asked, most=MAX_LETTERS, unsaid=DEFAULT_LETTERS)
    selection = Selection(cause=asked.get("cause"), version=asked.get("version"))
    kept = services().dead_letters
    total = kept.count()
    letters = list(kept.every(selection, most=_EXAMINED))
    body = {
        "total": total,
        "examined": min(total, _EXAMINED),
        "causes": [one.public() for one in causes(letters)],
        "results": [one.public() for one in letters[:limit]],
    }
    return answers.json(body)
