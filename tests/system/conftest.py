"""Real worker processes for system tests."""

import contextlib
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import celery
import orjson
import pytest
from playwright.sync_api import Browser

from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system import api_server, axe, browser, installation
from tests.system.api_server import Server
from tests.system.event_sink import Sink
from tests.system.installation import Installation
from tests.system.service import Serve, Service
from worker import queue
from worker.celery import create_celery
from worker.connection import connect
from worker.jobs import Job, Submission
from worker.settings import WorkerSettings
from worker.webhooks.sealing import new_key

ROOT = Path(__file__).parents[2]

Start = Callable[..., "subprocess.Popen[bytes]"]
Submit = Callable[..., Job]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as a system test."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.system)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Run a browser."""
    with browser.running() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def axe_source(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the script that judges pages."""
    return axe.source(tmp_path_factory.mktemp("axe"))


@pytest.fixture
def place(store: ModelStore, tmp_path: Path) -> Iterator[Installation]:
    """Return an installation of which only the server runs yet."""
    with installation.running(tmp_path / "var", store) as place:
        yield place


@pytest.fixture
def server(store: ModelStore, place: Installation) -> Iterator[Server]:
    """Run the API of an installation."""
    with api_server.running(place, place.stack.api(), store) as server:
        yield server


@pytest.fixture
def serve(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Serve]:
    """Return a function that runs an installation, with some settings changed.

    What prices is there, and the upkeep; what delivers a test starts itself.
    """
    key = new_key()
    with contextlib.ExitStack() as at_end:

        def serve(**variables: str) -> Service:
            for name, value in variables.items():
                monkeypatch.setenv(f"KERBSIDE_{name.upper()}", value)
            place = at_end.enter_context(
                installation.running(
                    tmp_path / "var",
                    store,
                    secret_keys=[key],
                    webhook_development=True,
                )
            )
            stack = place.stack
            for spec in (*stack.prediction_workers(), stack.upkeep_worker()):
                place.start(spec)
            place.start(stack.beat())
            settings = WorkerSettings(redis_url=place.redis.url, secret_keys=(key,))
            client = at_end.enter_context(
                contextlib.closing(connect(place.redis.url, role="worker"))
            )
            return Service(place, store, client, settings)

        yield serve


@pytest.fixture
def sink() -> Iterator[Sink]:
    """Return a receiver that answers at once."""
    sink = Sink()
    sink.answers.set()
    with sink.open():
        yield sink


@pytest.fixture
def start(settings: WorkerSettings, tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a Celery process on the test's Redis."""
    environ = dict(os.environ)
    environ |= {
        "KERBSIDE_REDIS_URL": settings.redis_url,
        "KERBSIDE_STORE_URL": str(settings.store_url),
        "KERBSIDE_TRUSTED_KEYS": " ".join(settings.trusted_keys or ()),
        "OMP_NUM_THREADS": "1",
    }
    with contextlib.ExitStack() as stack:

        def start(
            *arguments: str, app: str = "tests.system.stand_in", **extra: str
        ) -> "subprocess.Popen[bytes]":
            log = stack.enter_context((tmp_path / f"{uuid.uuid4()}.log").open("wb"))
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", app, *arguments],
                cwd=ROOT,
                env=environ | extra,
                stdout=log,
                stderr=log,
            )
            stack.callback(_end, process)
            return process

        yield start


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def start_worker(start: Start, control: celery.Celery) -> Start:
    """Return a function that starts a worker and waits until it answers."""

    def start_worker(
        queues: str = "predictions", *, name: str = "p1", **options: str
    ) -> "subprocess.Popen[bytes]":
        flags = ("-P", "threads", "-c", "1", "-n", f"{name}@test", "-l", "INFO")
        process = start("worker", "-Q", queues, *flags, **options)
        inspect = control.control.inspect([f"{name}@test"], timeout=0.2)
        wait_until(lambda: process.poll() is not None or inspect.ping())
        return process

    return start_worker


@pytest.fixture
def control(settings: WorkerSettings) -> Iterator[celery.Celery]:
    """Return an application that can inspect, control and send."""
    app = create_celery(settings)
    yield app
    app.close()


@pytest.fixture
def submit(front_desk: queue.Queue, settings: WorkerSettings) -> Submit:
    """Return a function that submits a house for a version, usually the champion.

    The champion of these tests is the stand-in model.
    """
    champion = ModelStore.from_settings(settings).aliases().champion or ""

    def submit(version: str = champion, **house: object) -> Job:
        return front_desk.submit(
            Submission(
                id=str(uuid.uuid4()),
                tenant="acme",
                model="stand-in",
                version=version,
                input=orjson.dumps({"number": 1} | house),
            )
        ).job

    return submit


@pytest.fixture
def finished(front_desk: queue.Queue) -> Callable[[str], Job]:
    """Return a function that waits for a job's end and returns the job."""

    def finished(job_id: str) -> Job:
        wait_until(lambda: front_desk.find("acme", job_id).state.is_terminal)
        return front_desk.find("acme", job_id)

    return finished
