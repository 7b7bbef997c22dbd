"""/v1/models: which model versions there are, and all that is published of each."""

from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import answers
from api.answers import Answer
from api.auth import requires
from api.call import Call, current_call
from api.errors import ModelRefused
from model_store.aliases import Aliases
from model_store.card import ModelCard
from model_store.card_page import content
from model_store.errors import ArtifactError
from worker.jobs import rfc3339
from worker.versions import Refusal

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
    call = current_call()
    catalog = call.shared.catalog
    aliases = catalog.aliases()
    results, refused = [], []
    for version in reversed(catalog.versions()):
        try:
            card = catalog.card(version)
        except ArtifactError:
            refused.append(version)
        else:
            results.append(_summary(_described(card, aliases)))
    pages = {"next": None, "previous": None}
    return _unless_known(call, {"results": results, "refused": refused, **pages})


@api.get("/<version>", operation_id="fetch_model")
@requires("read")
def fetch(path: VersionPath) -> Answer:
    """Read a model version, by id or alias: its card, its aliases, who refuses it."""
    call = current_call()
    catalog = call.shared.catalog
    refused = _refused(call, catalog.resolve(path.version))
    try:
        card = catalog.card(path.version)
    except ArtifactError as error:
        raise ModelRefused(members=refused) from error
    return _unless_known(call, {**_described(card, catalog.aliases()), **refused})


@api.get("/<version>/card", operation_id="fetch_model_card")
@requires("read")
def fetch_card(path: VersionPath) -> Answer:
    """Read `card.json` of a model version as it was published, byte for byte."""
    call = current_call()
    return _unless_known(call, call.shared.catalog.published_card(path.version))


@api.get("/<version>/report", operation_id="fetch_model_report")
@requires("read")
def fetch_report(path: VersionPath) -> Answer:
    """Read the card of a model version in words: sections of texts, tables, a plot."""
    call = current_call()
    catalog = call.shared.catalog
    card, signer = catalog.card(path.version), catalog.signer(path.version)
    return _unless_known(call, content.record(card, signer))


@api.get("/<version>/schema", operation_id="fetch_model_schema")
@requires("read")
def fetch_schema(path: VersionPath) -> Answer:
    """Read the JSON Schema of the houses that a model version prices."""
    call = current_call()
    card = call.shared.catalog.card(path.version)
    return _unless_known(call, card.schema.json_schema())


def _unless_known(call: Call, body: bytes | dict[str, Any]) -> Answer:
    data = body if isinstance(body, bytes) else answers.dumps(body)
    return answers.unless_known(data, call.environ.get("HTTP_IF_NONE_MATCH"), {})


def _refused(call: Call, version: str) -> dict[str, Any]:
    """Return why workers refuse a version: it may name paths, so operators read it."""
    if "operate" not in call.caller.scopes:
        return {}
    refusal = call.shared.versions.findings().refused.get(version)
    return {"refused": _told(refusal)} if refusal else {}


def _told(refusal: Refusal) -> dict[str, Any]:
    return {
        "reason": refusal.reason,
        "since": rfc3339(refusal.since),
        "last": rfc3339(refusal.last),
        "count": refusal.count,
    }


def _described(card: ModelCard, aliases: Aliases) -> dict[str, Any]:
    return {**card.to_dict(), "aliases": aliases.of(card.version)}


def _summary(card: dict[str, Any]) -> dict[str, Any]:
    return {name: card[name] for name in (*_SUMMARY, "aliases")}
