"""/openapi.json and /docs: the description of this service, complete and offline."""

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import orjson
from flask import Response, current_app, render_template, request, send_file
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import answers, deprecation
from api.answers import Answer
from api.auth import public
from api.catalog import Catalog, Served
from api.deprecation import Deprecation
from api.errors import NoChampion, NoSuchRoute
from api.openapi import components, parameters
from api.openapi.route_docs import OPERATIONS
from api.request_body import PredictionRequest
from api.services import services

api = APIBlueprint("document", __name__, abp_tags=[Tag(name="document")])

#: Everything that the page loads comes from this process.
_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'"
)
_SWAGGER = Path(str(resources.files("flask_openapi3_swagger"))) / "templates/swagger"
_ASSETS = {
    "swagger-ui.css": _SWAGGER / "css/swagger-ui.css",
    "swagger-ui-bundle.js": _SWAGGER / "js/swagger-ui-bundle.js",
    "swagger.svg": _SWAGGER / "images/swagger.svg",
    "docs.js": Path(str(resources.files("api"))) / "static/docs.js",
}
#: Seconds for which a browser may keep an asset.
_ASSET_AGE_S = 3600


class AssetPath(BaseModel):
    """Which file of the page."""

    name: str = Field(description="File name.")


@api.get("/openapi.json", operation_id="openapi")
@public
def openapi() -> Answer:
    """Read this document; the input follows the model that is champion now."""
    known = request.environ.get("HTTP_IF_NONE_MATCH")
    return answers.unless_known(_document(services().catalog), known, {})


@api.get("/docs", operation_id="docs")
@public
def docs() -> Response:
    """Open a page on which every route can be read and tried."""
    page = Response(
        render_template("docs.html"), content_type="text/html; charset=utf-8"
    )
    page.headers["Content-Security-Policy"] = _PAGE_POLICY
    return page


@api.get("/docs/assets/<name>", doc_ui=False)
@public
def asset(path: AssetPath) -> Response:
    """Serve a file that the page needs."""
    found = _ASSETS.get(path.name)
    if found is None:
        raise NoSuchRoute
    return send_file(found, max_age=_ASSET_AGE_S)


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
        "schemas": components.schemas(request_model),
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
    paths = {
        path: {method: _operation(found) for method, found in methods.items()}
        for path, methods in generated["paths"].items()
    }
    for path, method, told in _deprecations():
        _deprecate(paths[path][method], told)
    servers = [{"url": settings.public_url}]
    return {**generated, "servers": servers, "paths": paths, "components": parts}


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
            path = re.sub(r"<([^>]+)>", r"{\1}", rule.rule)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield path, method.lower(), told


def _deprecate(operation: dict[str, Any], told: Deprecation) -> None:
    operation["deprecated"] = True
    named = {name: {"$ref": f"#/components/headers/{name}"} for name in told.headers()}
    operation["responses"] = {
        status: {**answer, "headers": {**answer["headers"], **named}}
        for status, answer in operation["responses"].items()
    }
