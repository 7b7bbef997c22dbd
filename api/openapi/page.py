"""/docs: a page on which the OpenAPI document can be read and tried, offline."""

import functools
from importlib import resources
from pathlib import Path

from flask import Response, render_template, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import answers
from api.answers import Answer
from api.auth import public
from api.errors import NoSuchRoute

api = APIBlueprint("page", __name__, abp_tags=[Tag(name="document")])

#: Everything that the page loads comes from this process.
_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SWAGGER = Path(str(resources.files("flask_openapi3_swagger"))) / "templates/swagger"
_STATIC = Path(str(resources.files("api"))) / "static"
#: Name of a file that the page loads -> where it lies, and its type.
_ASSETS = {
    "swagger-ui.css": (_SWAGGER / "css/swagger-ui.css", "text/css"),
    "swagger-ui-bundle.js": (_SWAGGER / "js/swagger-ui-bundle.js", "text/javascript"),
    "swagger.svg": (_SWAGGER / "images/swagger.svg", "image/svg+xml"),
    "docs.js": (_STATIC / "docs.js", "text/javascript"),
}
ASSET_TYPES = sorted({media_type for _, media_type in _ASSETS.values()})
#: For how long a browser may keep an asset.
_AGE = {"Cache-Control": "max-age=3600"}


class AssetPath(BaseModel):
    """Which file of the page."""

    name: str = Field(description="File name.", json_schema_extra={"enum": [*_ASSETS]})


@api.get("/docs", operation_id="docs")
@public
def docs() -> Response:
    """Open a page on which every route can be read and tried."""
    page = Response(
        render_template("docs.html"), content_type="text/html; charset=utf-8"
    )
    page.headers["Content-Security-Policy"] = _PAGE_POLICY
    return page


@api.get("/docs/assets/<name>", operation_id="docs_asset")
@public
def asset(path: AssetPath) -> Answer:
    """Read a file that the page needs."""
    if path.name not in _ASSETS:
        raise NoSuchRoute
    body, media_type = _asset(path.name)
    known = request.environ.get("HTTP_IF_NONE_MATCH")
    return answers.unless_known(body, known, _AGE, f"{media_type}; charset=utf-8")


@functools.cache
def _asset(name: str) -> tuple[bytes, str]:
    file, media_type = _ASSETS[name]
    return file.read_bytes(), media_type
