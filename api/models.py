"""/v1/models: which model versions there are, and the card of each."""

from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import answers
from api.answers import Answer
from api.auth import requires
from api.services import services
from model_store.aliases import Aliases
from model_store.card import ModelCard

api = APIBlueprint(
    "models", __name__, url_prefix="/v1/models", abp_tags=[Tag(name="models")]
)

#: What a list shows of each card.
_SUMMARY = ("name", "version", "digest", "trained_at", "as_of", "currency", "metrics")


class VersionPath(BaseModel):
    """Which model version."""

    version: str = Field(description="Version id or alias.")


@api.get("", operation_id="list_models")
@requires("read")
def list_all() -> Answer:
    """List the model versions, newest data first."""
    catalog = services().catalog
    aliases = catalog.aliases()
    cards = [catalog.card(version) for version in reversed(catalog.versions())]
    results = [_summary(_described(card, aliases)) for card in cards]
    return answers.json({"results": results, "next": None, "previous": None})


@api.get("/<version>", operation_id="fetch_model")
@requires("read")
def fetch(path: VersionPath) -> Answer:
    """Read the card of a model version, by id or alias."""
    catalog = services().catalog
    card = catalog.card(path.version)
    return answers.json(_described(card, catalog.aliases()))


def _described(card: ModelCard, aliases: Aliases) -> dict[str, Any]:
    return {**card.to_dict(), "aliases": aliases.of(card.version)}


def _summary(card: dict[str, Any]) -> dict[str, Any]:
    return {name: card[name] for name in (*_SUMMARY, "aliases")}
