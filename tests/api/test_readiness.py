"""The laws of what readiness tells, and to whom."""

import logging

import pytest
import redis as redis_py

from api.errors import NotReady
from api.services import Services
from model_store.errors import StoreError


def fail(shared: Services, patch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let every look end in an error."""

    def broken(_: object) -> None:
        raise error

    patch.setattr(type(shared.queue), "write_probe", broken)


@pytest.mark.parametrize("error", [redis_py.ConnectionError("x"), StoreError("x")])
def test_an_outage_is_told_to_the_prober_alone(
    shared: Services,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is asked each second: the log is for those who meet the outage at work."""
    fail(shared, monkeypatch, error)

    with pytest.raises(NotReady, match="not available"):
        shared.readiness.champion()

    assert caplog.records == []


def test_a_mistake_of_ours_is_logged_by_its_frames(
    shared: Services,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Once and not at each look, and without the error's own words."""
    fail(shared, monkeypatch, KeyError("712 Elm Street"))

    for _ in range(3):
        with pytest.raises(NotReady, match="Internal error"):
            shared.readiness.champion()

    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "KeyError" in record.getMessage()
    assert "in broken" in record.getMessage()
    assert "Elm" not in caplog.text


def test_it_goes_on_looking(shared: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was not ready gets ready by itself."""
    with monkeypatch.context() as patch:
        fail(shared, patch, redis_py.ConnectionError())
        with pytest.raises(NotReady):
            shared.readiness.champion()

    assert shared.readiness.champion() == shared.catalog.served().card.version
