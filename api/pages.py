"""What people open in a browser: each page is a frame that its own scripts fill."""

from typing import Any

from flask import Response, render_template
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api.auth import public
from api.models import VersionPath
from api.services import services
from worker.keys import LANES

api = APIBlueprint("pages", __name__, abp_tags=[Tag(name="pages")])

#: Everything that a page loads and asks comes from this process, and nothing that is
#: written into it is run: no script and no style stands in a page itself.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@api.get("/", operation_id="try_it")
@public
def try_it() -> Response:
    """Open a page on which a house can be priced."""
    return _page("tryit.html")


@api.get("/docs", operation_id="docs")
@public
def docs() -> Response:
    """Open a page on which every route can be read and tried."""
    return _page("docs.html")


@api.get("/ops", operation_id="operate")
@public
def operate() -> Response:
    """Open a page that shows operators what goes on; its figures need a key."""
    shared = services()
    return _page(
        "ops.html",
        lanes=LANES,
        flower_url=shared.settings.flower_url,
        has_archive=shared.archive is not None,
    )


@api.get("/models/<version>", operation_id="read_model_card")
@public
def model_card(path: VersionPath) -> Response:
    """Open the card of a model version, by id or alias; what it says needs a key."""
    return _page("card.html", up="../", version=path.version)


def _page(template: str, **told: Any) -> Response:
    page = Response(
        render_template(template, **told), content_type="text/html; charset=utf-8"
    )
    page.headers["Content-Security-Policy"] = _POLICY
    return page
