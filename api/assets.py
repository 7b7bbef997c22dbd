"""/assets: the files that the pages load; all of them come from this process."""

import functools
from importlib import resources
from pathlib import Path

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import answers
from api.answers import Answer
from api.auth import public
from api.errors import NoSuchRoute

api = APIBlueprint("assets", __name__, abp_tags=[Tag(name="pages")])

_OWN = Path(str(resources.files("api"))) / "static"
_SWAGGER = Path(str(resources.files("flask_openapi3_swagger"))) / "templates/swagger"
#: How a file's name ends -> its type; browsers run no module of another one.
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
#: Name of a file -> where it lies.
_FILES = {
    file.name: file
    for file in (
        *sorted(_OWN.iterdir()),
        _SWAGGER / "css/swagger-ui.css",
        _SWAGGER / "js/swagger-ui-bundle.js",
    )
}
MEDIA_TYPES = sorted(_TYPES.values())
#: A browser keeps a file and asks whether it is the same still: modules of two releases
#: would not fit together.
_ASK_AGAIN = {"Cache-Control": "no-cache"}


class AssetPath(BaseModel):
    """Which file of the pages."""

    name: str = Field(description="File name.", json_schema_extra={"enum": [*_FILES]})


@api.get("/assets/<name>", operation_id="asset")
@public
def asset(path: AssetPath) -> Answer:
    """Read a file that the pages need."""
    if path.name not in _FILES:
        raise NoSuchRoute
    known = request.environ.get("HTTP_IF_NONE_MATCH")
    media_type = _TYPES[_FILES[path.name].suffix]
    return answers.unless_known(
        _content(path.name), known, _ASK_AGAIN, f"{media_type}; charset=utf-8"
    )


@functools.cache
def _content(name: str) -> bytes:
    return _FILES[name].read_bytes()
