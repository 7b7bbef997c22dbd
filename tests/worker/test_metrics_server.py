"""A worker's figures over HTTP."""

import http.client
import socket
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from worker.celery import create_celery
from worker.metrics_server import MetricsServer
from worker.settings import WorkerSettings
from worker.supervision import ports

Make = Callable[..., MetricsServer]


@pytest.fixture
def make(settings: WorkerSettings) -> Iterator[Make]:
    """Return a function that starts the step as a Celery worker would."""
    started: list[MetricsServer] = []

    def make(**changes: Any) -> MetricsServer:
        app = create_celery(settings.model_copy(update=changes))
        step = MetricsServer(SimpleNamespace(app=app))
        if step.enabled:
            step.start()
            started.append(step)
        app.metrics.begin("upkeep")
        return step

    yield make
    for step in started:
        step.stop()


def get(port: int) -> tuple[int, str]:
    """Scrape; return status and text."""
    line = http.client.HTTPConnection(ports.LOOPBACK, port, timeout=10)
    try:
        line.request("GET", "/metrics")
        answer = line.getresponse()
        return answer.status, answer.read().decode()
    finally:
        line.close()


def test_the_clock_is_made_before_the_server() -> None:
    """It is a fork, and a fork of a process with threads may hang."""
    assert "celery.worker.components:Beat" in (MetricsServer.requires or ())


def test_a_worker_answers_a_scrape(make: Make) -> None:
    """With its own figures, and what its process takes."""
    port = ports.find_free()
    make(metrics_port=port)

    status, text = get(port)

    assert status == 200
    assert 'kerbside_turn_failures_total{lane="upkeep"} 0.0' in text
    assert "process_cpu_seconds_total" in text


def test_without_a_port_nothing_is_served(make: Make) -> None:
    """Who wants no figures opens no port."""
    assert not make().enabled


def test_a_worker_whose_port_is_taken_goes_on(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so, and what helps."""
    with socket.create_server((ports.LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        make(metrics_port=port)

    assert f"metrics_not_served address=127.0.0.1 port={port} " in caplog.text
    assert "KERBSIDE_METRICS_PORT of its own" in caplog.text


def test_a_connection_that_says_nothing_keeps_no_other_waiting(make: Make) -> None:
    """Nor does it last for ever."""
    port = ports.find_free()
    make(metrics_port=port)
    with socket.create_connection((ports.LOOPBACK, port)):
        assert get(port)[0] == 200


def test_others_than_this_machine_are_not_answered(make: Make) -> None:
    """Unless an address was named that others reach."""
    port = ports.find_free()
    make(metrics_port=port)

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port))


def test_after_a_stop_the_port_is_free(make: Make) -> None:
    """The worker that comes next takes it."""
    port = ports.find_free()
    make(metrics_port=port).stop()

    assert ports.is_free(port)
