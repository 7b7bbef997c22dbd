"""The OpenAPI document as this code serves it, without a model or a Redis."""

import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

from api.app import create_app
from api.settings import ApiSettings
from model_store import definition

#: Nothing listens there, and nothing is asked of it: before there is a champion the
#: document takes neither Redis nor a model.
_NO_REDIS = "redis://127.0.0.1:1/0"

#: Schema that holds a house -> what it holds it for.
_HOUSES = {
    "BatchRow": "The house to be priced.",
    "HouseSale": "The house that was sold.",
    "PredictionRequest": "The house to be priced.",
    "PropertyRequest": "The house to be valued.",
    "PropertyRow": "The house to be priced.",
}


def document() -> dict[str, Any]:
    """Return the document for houses of the shipped data set: everywhere the same."""
    with tempfile.TemporaryDirectory() as empty:
        settings = ApiSettings(redis_url=_NO_REDIS, store_url=empty)
        answer = create_app(settings).test_client().get("/openapi.json")
    found: dict[str, Any] = answer.get_json()
    schemas = found["components"]["schemas"]
    # What stands there before a model says what a house is.
    del schemas["BaseModel"]
    schemas["House"] = _house()
    for name, about in _HOUSES.items():
        schemas[name]["properties"]["input"] = {
            "$ref": "#/components/schemas/House",
            "description": about,
        }
    return found


def follow(part: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """Return what a part of the document refers to, or the part itself."""
    if "$ref" not in part:
        return part
    found = whole
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def _house() -> dict[str, Any]:
    shipped = Path(str(resources.files("model_store"))) / "data" / "king_county.json"
    return definition.read(shipped).schema.house_model().model_json_schema()
