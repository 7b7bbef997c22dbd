"""The laws of the pages that people open in a browser."""

import re
from urllib.parse import urljoin

import pytest

from api.app import create_app
from api.settings import ApiSettings
from tests.api.conftest import Client

PAGES = ["/", "/ops", "/docs", "/models/champion"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_nothing_from_elsewhere(client: Client, path: str) -> None:
    """It works on a machine without internet."""
    page = client.get(path)

    assert page.content_type == "text/html; charset=utf-8"
    assert "//" not in page.text.replace("<!DOCTYPE html>", "")
    for address in re.findall(r'(?:src|href)="([^"#]+)"', page.text):
        with client.get(urljoin(path, address)) as answer:
            assert answer.status_code == 200, address
            assert answer.data


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_and_shows_only_files_of_this_service(
    client: Client, path: str
) -> None:
    """Whatever is written into it: it holds no script and no style itself."""
    page = client.get(path)

    policy = dict(
        part.strip().split(" ", 1)
        for part in page.headers["Content-Security-Policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert not re.search(r"<style|\bstyle=|\bon\w+=|<script(?![^>]* src=)", page.text)
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_served_under_a_path_of_a_proxy(
    client: Client, path: str
) -> None:
    """Each address in it is relative."""
    page = client.get(path)

    assert not re.search(r'(?:src|href)="/', page.text)


@pytest.mark.parametrize("path", PAGES[:-1])
def test_a_page_says_where_its_reader_is(client: Client, path: str) -> None:
    """The link to it is marked as the current one, and no other is."""
    page = client.get(path)

    here = re.findall(r'href="([^"]+)" aria-current="page"', page.text)
    assert [f"/{address}".replace("/./", "/") for address in here] == [path]


def test_the_operators_page_leads_to_flower_where_it_is_known(
    api_settings: ApiSettings,
) -> None:
    """By the address that the setting names; without one there is no link."""
    there = "https://flower.example.org/"
    for flower_url in (there, ""):
        settings = api_settings.model_copy(update={"flower_url": flower_url})
        page = create_app(settings).test_client().get("/ops")
        assert (f'href="{there}"' in page.text) is bool(flower_url)


def test_the_operators_page_knows_the_lanes(client: Client) -> None:
    """Those that history is kept of."""
    assert 'data-lanes="predictions batches webhooks"' in client.get("/ops").text
