"""A request is a line where that was asked for, and says nothing that it should not."""

import logging

import pytest

from api.app import create_app
from api.settings import ApiSettings
from tests.api.conftest import Headers


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("POST", "/v1/predictions", "/v1/predictions", 415),
        ("GET", f"/v1/predictions/{'0' * 8}-0000-0000-0000-{'0' * 12}", "", 404),
        ("GET", "/v1/keys/s3cret", "/v1/keys/<key_id>", 403),
        ("GET", "/s3cret?s3cret", "none", 404),
    ],
)
def test_a_request_is_a_line(
    api_settings: ApiSettings,
    caller: Headers,
    caplog: pytest.LogCaptureFixture,
    method: str,
    path: str,
    route: str,
    status: int,
) -> None:
    """By its route and its status, never by its path."""
    caplog.set_level(logging.INFO)
    settings = api_settings.model_copy(update={"log_level": "info"})
    client = create_app(settings).test_client()

    answer = client.open(path, method=method, headers=caller)

    assert answer.status_code == status
    (line,) = [one for one in caplog.text.splitlines() if ": request " in one]
    told = f"method={method} route={route or '/v1/predictions/<prediction_id>'} "
    assert f"{told}status={status} duration_ms=" in line
    assert f"request_id={answer.headers['Request-Id']}" in line
    assert "s3cret" not in caplog.text


def test_without_that_none_is(
    api_settings: ApiSettings, caller: Headers, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing stands around what answers."""
    caplog.set_level(logging.INFO)

    create_app(api_settings).test_client().get("/v1/predictions", headers=caller)

    assert "request" not in caplog.text
