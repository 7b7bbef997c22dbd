"""Pricing on a stock Celery worker, in this process."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
import redis as redis_py

from model_store.errors import ArtifactError, StoreError, UnknownModel
from model_store.store import ModelStore
from tests.worker.batch_desk import Desk
from worker import pricing, queue, tasks
from worker.celery import create_celery
from worker.jobs import Job, State
from worker.keys import PREDICTIONS
from worker.ledger import Ledger
from worker.predictors import CannotPrice, Unloadable, load
from worker.settings import WorkerSettings
from worker.versions import Versions

Submit = Callable[..., Job]


class Loader:
    """Loads nothing: it raises what it is told to."""

    error: Exception = StoreError("away")

    def __call__(self, *_: Any) -> NoReturn:
        """Load no version."""
        raise self.error


@pytest.fixture
def loader() -> Loader:
    """Return a loader to which the store is away."""
    return Loader()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let no pause of a task last; return the list to which their lengths go."""
    pauses: list[float] = []
    # Other threads of this process may sleep as they like.
    monkeypatch.setattr(tasks, "time", SimpleNamespace(sleep=pauses.append))
    return pauses


@pytest.fixture
def price(
    settings: WorkerSettings, loader: Loader, redis: redis_py.Redis
) -> Iterator[Callable[[Job], Any]]:
    """Return a function that runs the task of a job, whose message is taken."""
    app = create_celery(settings, load_predictor=loader, batching=False)
    app.loader.import_default_modules()

    def price(job: Job) -> Any:
        redis.delete(PREDICTIONS)
        return app.tasks["price"].apply(task_id=job.id)

    yield price
    app.close()


def test_a_job_is_given_back_with_a_pause_while_the_store_is_away(
    price: Callable[[Job], Any],
    submit: Submit,
    front_desk: queue.Queue,
    pauses: list[float],
) -> None:
    """It comes first again, and the worker would take it at once."""
    job = submit()
    assert isinstance(price(job).result, StoreError)
    after = front_desk.find("acme", job.id)
    assert (after.state, after.crashes) == (State.RETRYING, 0)
    assert pauses == [1.0]


def test_a_bug_gives_the_job_back_too(
    price: Callable[[Job], Any],
    submit: Submit,
    front_desk: queue.Queue,
    loader: Loader,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No job waits for the end of a lease whose worker knows that it failed."""

    def fails(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(pricing, "price", fails)
    loader.error = UnknownModel("x")
    job = submit()
    assert isinstance(price(job).result, RuntimeError)
    assert front_desk.find("acme", job.id).state is State.RETRYING
    assert pauses == [1.0]


@pytest.mark.parametrize("stays_away", [False, True])
def test_a_claim_whose_answer_is_lost_is_given_back(
    price: Callable[[Job], Any],
    submit: Submit,
    front_desk: queue.Queue,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
    *,
    stays_away: bool,
) -> None:
    """Redis made it; where it cannot be told so either, the lease ends by itself."""
    claim = Ledger.claim

    def fails(*_: Any, **__: Any) -> NoReturn:
        raise redis_py.TimeoutError

    def loses_the_answer(*args: Any, **options: Any) -> NoReturn:
        claim(*args, **options)
        raise redis_py.ConnectionError

    monkeypatch.setattr(Ledger, "claim", loses_the_answer)
    if stays_away:
        monkeypatch.setattr(Ledger, "release", fails)
    job = submit()
    assert isinstance(price(job).result, redis_py.ConnectionError)
    after = front_desk.find("acme", job.id)
    expected = State.RUNNING if stays_away else State.RETRYING
    assert (after.state, after.crashes) == (expected, 0)
    assert pauses == [1.0]


@pytest.mark.parametrize(
    "error", [UnknownModel("x"), ArtifactError("x"), OSError("secret")]
)
def test_a_version_that_cannot_be_had_fails_its_jobs(
    price: Callable[[Job], Any],
    submit: Submit,
    front_desk: queue.Queue,
    loader: Loader,
    pauses: list[float],
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    """As on a batching worker: given back they would come first for ever."""
    loader.error = error
    job = submit()
    price(job)
    after = front_desk.find("acme", job.id)
    assert after.state is State.FAILED
    with pytest.raises(CannotPrice, match=str(after.error)):
        Unloadable(job.version).predict([])
    assert pauses == []
    assert type(error).__name__ in caplog.text or str(error) in caplog.text
    assert "secret" not in caplog.text


def test_a_version_that_cannot_be_had_is_reported(
    price: Callable[[Job], Any],
    submit: Submit,
    loader: Loader,
    redis: redis_py.Redis,
    settings: WorkerSettings,
) -> None:
    """As a batching worker does."""
    loader.error = ArtifactError("damaged")
    job = submit()
    price(job)
    assert Versions(redis, settings).findings().refuses(job.version)


@pytest.mark.parametrize("task", ["reap", "tend"])
def test_each_task_of_beat_tends_the_ledger(
    settings: WorkerSettings, book: Ledger, task: str
) -> None:
    """It is all that the upkeep worker does, whether Flower is shown it or not."""
    app = create_celery(settings)
    app.loader.import_default_modules()
    assert not book.is_tended()

    app.tasks[task].apply()

    assert book.is_tended()
    app.close()


def test_a_stock_worker_prices_a_chunk(
    settings: WorkerSettings, redis: redis_py.Redis, store: ModelStore, tmp_path: Path
) -> None:
    """Its message is one of Celery's own."""
    desk = Desk(redis, store, tmp_path)
    url = {"batches_url": desk.settings.batches_url}
    app = create_celery(
        settings.model_copy(update=url), load_predictor=load, batching=False
    )
    app.loader.import_default_modules()
    batch = desk.submit([{"input": desk.house()}] * 3)
    for number in (1, 2):
        app.tasks["price_chunk"].apply(task_id=f"{batch}-{number}")
    app.close()

    assert desk.find(batch).status == "completed"
    assert desk.find(batch).completed == 3
