"""/healthz and /readyz: for whoever restarts processes or sends them requests."""

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api import answers
from api.answers import Answer
from api.auth import public
from api.services import services

api = APIBlueprint("health", __name__, abp_tags=[Tag(name="health")])


@api.get("/healthz", operation_id="healthz")
@public
def healthz() -> Answer:
    """Tell that this process answers; asks nothing and nobody else."""
    return answers.json(b'{"status":"ok"}')


@api.get("/readyz", operation_id="readyz")
@public
def readyz() -> Answer:
    """Tell whether this process can take submits: Redis, and a model to price with."""
    return answers.json(
        {"status": "ready", "champion": services().readiness.champion()}
    )
