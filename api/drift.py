"""/v1/monitoring/drift: how priced houses differ from the sales of their model."""

from typing import Any

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api import answers, queries
from api.answers import Answer
from api.auth import requires
from api.services import Services, services
from worker.seen import WINDOWS

api = APIBlueprint(
    "drift", __name__, url_prefix="/v1/monitoring", abp_tags=[Tag(name="monitoring")]
)


@api.get("/drift", operation_id="read_drift")
@requires("operate")
def read() -> Answer:
    """Compare the houses that a model version priced with the sales it learnt from.

    `recent` are the newest 200 houses or more, to the minute; the others go back that
    many days. No house can be told from another in it.
    """
    return answers.json(_report(services()))


def _report(shared: Services) -> dict[str, Any]:
    asked = queries.known(request.args, ("window", "version"))
    chosen = queries.one_of(asked, "window", WINDOWS)
    window = next((one for one in WINDOWS if one in chosen), WINDOWS[0])
    version = shared.catalog.resolve(asked.get("version", "champion"))
    return shared.drift.report(shared.catalog.card(version), window)
