"""/openapi.json: the description of this service, complete and for its champion."""

from collections.abc import Iterator
from typing import Any

import orjson
from flask import current_app, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api import answers, deprecation, documented_path
from api.answers import Answer
from api.auth import public
from api.catalog import Catalog, Served
from api.deprecation import Deprecation
from api.errors import NoChampion
from api.openapi import components, event_docs, parameters
from api.openapi.route_docs import OPERATIONS
from api.request_body import PredictionRequest
from api.services import services

api = APIBlueprint("document", __name__, abp_tags=[Tag(name="document")])


@api.get("/openapi.json", operation_id="openapi")
@public
def openapi() -> Answer:
    """Read this document; the input follows the model that is champion now."""
    known = request.environ.get("HTTP_IF_NONE_MATCH")
    return answers.unless_known(_document(services().catalog), known, {})


def _document(catalog: Catalog) -> bytes:
    """Return the document, made once for each champion."""
    try:
        served: Served | None = catalog.served()
    except NoChampion:
        served = None
    version = served.card.version if served else None
    made: tuple[str | None, bytes] | None = current_app.extensions.get(
        "kerbside.openapi"
    )
    if made is None or made[0] != version:
        app: Any = current_app
        made = (version, orjson.dumps(_described(app.api_doc, served)))
        current_app.extensions["kerbside.openapi"] = made
    return made[1]


def _described(generated: dict[str, Any], served: Served | None) -> dict[str, Any]:
    """Complete what the framework knows of the routes: paths, summaries, path parts."""
    settings = services().settings
    request_model = served.request_model if served else PredictionRequest
    parts = {
        "schemas": components.bodies(request_model),
        "headers": components.headers(),
        "parameters": parameters.described(settings),
        "links": components.links(),
        "securitySchemes": {
            "key": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "kb_<id>_<secret>",
            }
        },
    }
    if served:
        example = {"input": served.card.schema.example}
        parts["schemas"]["PredictionRequest"]["examples"] = [example]
        parts["schemas"]["PropertyRequest"]["examples"] = [example]
        for row, name in (("BatchRow", "row-7"), ("PropertyRow", "alder-1")):
            parts["schemas"][row]["examples"] = [{"custom_id": name, **example}]
    paths = {
        path: {method: _operation(found) for method, found in methods.items()}
        for path, methods in generated["paths"].items()
    }
    for path, method, told in _deprecations():
        _deprecate(paths[path][method], told)
    servers = [{"url": settings.public_url}]
    return {
        **generated,
        "servers": servers,
        "paths": paths,
        "webhooks": event_docs.described(),
        "components": parts,
    }


def _operation(generated: dict[str, Any]) -> dict[str, Any]:
    described = OPERATIONS[generated["operationId"]]
    in_path = generated.get("parameters", [])
    return {
        **generated,
        **described,
        "parameters": [*in_path, *described["parameters"]],
    }


def _deprecations() -> Iterator[tuple[str, str, Deprecation]]:
    """Yield path and method of each route that is to end, and what is said of it."""
    for rule in current_app.url_map.iter_rules():
        told = deprecation.told_of(current_app.view_functions[rule.endpoint])
        if told is not None:
            path = documented_path.of(rule.rule)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield path, method.lower(), told


def _deprecate(operation: dict[str, Any], told: Deprecation) -> None:
    operation["deprecated"] = True
    named = {name: {"$ref": f"#/components/headers/{name}"} for name in told.headers()}
    operation["responses"] = {
        status: {**answer, "headers": {**answer["headers"], **named}}
        for status, answer in operation["responses"].items()
    }
