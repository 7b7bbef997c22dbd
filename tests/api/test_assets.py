"""The laws of the files that the pages load."""

import pytest

from api.assets import MEDIA_TYPES
from tests.api.conftest import Client, assert_problem


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("kerbside.css", "text/css"),
        ("kerbside.svg", "image/svg+xml"),
        ("session.js", "text/javascript"),
        ("swagger-ui-bundle.js", "text/javascript"),
    ],
)
def test_a_file_comes_with_its_type(client: Client, name: str, media_type: str) -> None:
    """Browsers run no module of another type, and are told not to guess."""
    answer = client.get(f"/assets/{name}")

    assert answer.status_code == 200
    assert answer.content_type == f"{media_type}; charset=utf-8"
    assert media_type in MEDIA_TYPES
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_is_the_same_still_is_not_sent_again(client: Client) -> None:
    """A browser asks each time, so that files of two releases never meet."""
    first = client.get("/assets/session.js")
    again = client.get(
        "/assets/session.js", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert first.headers["Cache-Control"] == "no-cache"
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fapp.py", "docs.html", "%00"])
def test_only_files_of_the_pages_are_served(client: Client, name: str) -> None:
    """Nothing beside the folder can be named."""
    assert_problem(client.get(f"/assets/{name}"), 404, "no-such-route")
