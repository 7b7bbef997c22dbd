"""The laws of /metrics."""

import pytest
import redis as redis_py

from api.app import create_app
from api.settings import ApiSettings
from tests.api.conftest import Client, Headers, assert_problem
from tests.api.figures.conftest import figures
from worker.totals import Totals


def test_figures_are_for_operators(client: Client, caller: Headers) -> None:
    """They tell of all tenants."""
    assert_problem(client.get("/metrics"), 401, "missing-key")
    assert_problem(client.get("/metrics", headers=caller), 403, "missing-scope")


@pytest.mark.parametrize(
    ("accepted", "status"),
    [
        ("application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.5", 200),
        ("*/*", 200),
        ("application/json", 406),
    ],
)
def test_figures_are_text(
    client: Client, operator: Headers, accepted: str, status: int
) -> None:
    """In the form that every Prometheus reads."""
    answer = client.get("/metrics", headers={**operator, "Accept": accepted})

    assert answer.status_code == status
    if status == 200:
        assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"


def test_without_redis_a_scrape_fails(
    api_settings: ApiSettings, operator: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the figures would look as if all were well: Prometheus sees `up` at 0."""
    client: Client = create_app(api_settings).test_client()
    assert client.get("/metrics", headers=operator).status_code == 200

    def away(*_: object) -> None:
        raise redis_py.ConnectionError

    monkeypatch.setattr(Totals, "standing", away)
    assert_problem(
        client.get("/metrics", headers=operator),
        503,
        "job-store-unavailable",
    )


def test_no_figure_names_a_host(client: Client, operator: Headers) -> None:
    """A label for each process would grow without end."""
    told = figures(client.get("/metrics", headers=operator).text)

    names = {
        name for samples in told.values() for labels, _ in samples for name in labels
    }
    assert names <= {
        *("lane", "state", "detail", "reason"),
        *("name", "version", "alias", "status", "freshness"),
    }
