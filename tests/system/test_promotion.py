"""Real workers follow the champion, and nobody notices but by the model named."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import redis as redis_py

from api.catalog import Catalog
from model_store.storage.manifest import MODEL
from model_store.store import ModelStore
from tests.patience import PATIENCE_S, wait_until
from tests.second_version import SECOND
from tests.system.conftest import Start, Submit
from worker import keys
from worker.jobs import Job, State
from worker.settings import WorkerSettings
from worker.shadow_totals import ShadowTotals
from worker.versions import Versions
from worker.webhooks.deliveries import Deliveries
from worker.webhooks.endpoints import Endpoints, Wanted
from worker.webhooks.sealing import new_key

Finished = Callable[[str], Job]

#: Seconds between two submits.
_EVERY_S = 0.005
#: Milliseconds within which every worker must have followed a promotion.
_FOLLOWED_MS = 5000


@pytest.fixture
def versions(redis: redis_py.Redis, settings: WorkerSettings) -> Versions:
    """Return what the workers report."""
    return Versions(redis, settings)


@pytest.fixture
def catalog(own_store: ModelStore, versions: Versions) -> Catalog:
    """Return what the API knows of the store."""
    return Catalog(own_store, ask_workers=versions.findings)


def model_of(job: Job) -> dict[str, Any]:
    """Return what a price says of its model."""
    found: dict[str, Any] = orjson.loads(job.output or b"{}")["model"]
    return found


def test_a_promotion_and_its_rollback_under_load_lose_fail_and_delay_no_job(
    start_worker: Start,
    own_store: ModelStore,
    catalog: Catalog,
    versions: Versions,
    submit: Submit,
    finished: Finished,
) -> None:
    """Each job is priced once, by the version that it was pinned to."""
    first = own_store.resolve("champion")
    place = {"KERBSIDE_STORE_URL": own_store.url}
    workers = [start_worker(name=name, **place) for name in ("p1", "p2")]
    wait_until(lambda: versions.findings().settled(first))
    jobs: list[Job] = []

    def load(seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            jobs.append(submit(catalog.served().card.version))
            # Some clients name the version, and go on doing so.
            jobs.append(submit(first))
            time.sleep(_EVERY_S)

    load(0.5)
    promoted = versions.findings().now
    own_store.promote(SECOND)
    load(PATIENCE_S, lambda: catalog.served().card.version == SECOND)
    load(0.5)
    back = versions.findings().now
    own_store.rollback()
    load(PATIENCE_S, lambda: catalog.served().card.version == first)
    load(0.5)

    after = [finished(job.id) for job in jobs]
    loaded = versions.findings().loaded
    assert loaded[SECOND] - promoted < _FOLLOWED_MS
    assert back - 1 <= loaded[first] < back + _FOLLOWED_MS
    assert {job.state for job in after} == {State.SUCCEEDED}
    assert {job.attempts for job in after} == {1}
    assert [model_of(job)["version"] for job in after] == [job.version for job in jobs]
    assert {job.version for job in jobs} == {first, SECOND}
    assert all(model_of(job)["loads"] == 1 for job in after)
    # To load the new one takes longer, and nobody waited for it.
    assert max((job.completed_ms or 0) - job.created_ms for job in after) < 1200
    assert [worker.poll() for worker in workers] == [None, None]


def test_a_version_that_was_unloaded_is_loaded_again_for_the_jobs_pinned_to_it(
    start_worker: Start, submit: Submit, finished: Finished
) -> None:
    """The last three stay; an older one takes a load and loses no job."""
    start_worker()
    order = ("v1", "v2", "v1", "v2", "v3", "v1")
    loads = [model_of(finished(submit(version).id))["loads"] for version in order]
    # With the champion three stay, so that v1 went for v3 and came back for v2.
    assert loads == [1, 1, 1, 1, 1, 2]


@pytest.fixture
def heard(redis: redis_py.Redis) -> Iterator[Any]:
    """Return a subscription to what happens to model versions."""
    client: Any = redis
    with client.pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(keys.models_channel(redis))
        subscription.get_message(timeout=5)
        yield subscription


def test_a_challenger_prices_what_the_champion_has_answered(
    start_worker: Start,
    own_store: ModelStore,
    submit: Submit,
    finished: Finished,
    redis: redis_py.Redis,
) -> None:
    """A worker compares both, and each client gets the champion's price."""
    champion = own_store.resolve("champion")
    own_store.promote(SECOND, post="challenger")
    start_worker(KERBSIDE_STORE_URL=own_store.url, KERBSIDE_SHADOW_EVERY="1")
    totals = ShadowTotals(redis)
    jobs: list[Job] = []

    def is_compared() -> bool:
        jobs.append(submit(champion))
        return totals.read(SECOND, champion).count > 0

    wait_until(is_compared)

    answers = [model_of(finished(job.id))["version"] for job in jobs]
    assert set(answers) == {champion}


def test_a_refused_champion_stops_no_worker_and_is_told(
    start_worker: Start,
    own_store: ModelStore,
    catalog: Catalog,
    versions: Versions,
    submit: Submit,
    finished: Finished,
    heard: Any,
) -> None:
    """The one before prices on, on workers that start meanwhile too."""
    first = own_store.resolve("champion")
    house = catalog.served().card.schema.example
    place = {"KERBSIDE_STORE_URL": own_store.url}
    worker = start_worker(name="p1", app="worker.celery", **place)
    wait_until(lambda: versions.findings().settled(first))
    catalog.aliases()

    _promote_damaged(own_store)
    wait_until(lambda: versions.findings().refuses(SECOND))

    event = orjson.loads(heard.get_message(timeout=5)["data"])
    assert (event["type"], event["version"]) == ("model.refused", SECOND)
    assert SECOND in event["reason"]
    wait_until(lambda: versions.findings().refused[SECOND].count >= 2)
    assert heard.get_message(timeout=0) is None
    job = finished(submit(catalog.served().card.version, **house).id)
    assert (job.state, job.version) == (State.SUCCEEDED, first)

    worker.terminate()
    worker.wait(10)
    start_worker(name="p2", app="worker.celery", **place)
    job = finished(submit(catalog.served().card.version, **house).id)
    assert (job.state, job.version) == (State.SUCCEEDED, first)


def _promote_damaged(store: ModelStore) -> None:
    """Make a version champion that nobody could promote."""
    root = Path(store.url)
    (root / SECOND / MODEL).write_bytes(b"")
    aliases = store.aliases().promoted(SECOND, "champion")
    (root / "new").write_bytes(aliases.to_json())
    (root / "new").rename(root / "aliases.json")


def test_the_upkeep_announces_a_promotion_by_whoever(
    start_worker: Start,
    own_store: ModelStore,
    redis: redis_py.Redis,
    settings: WorkerSettings,
) -> None:
    """Within seconds, and from a process with a worker's rights in Redis."""
    sealed = settings.model_copy(update={"secret_keys": (new_key(),)})
    wanted = Wanted(url="https://receiver.example/hook", events=["model.*"])
    endpoint, _ = Endpoints(redis, sealed).create("operator", wanted)
    start_worker("upkeep", app="worker.celery", KERBSIDE_STORE_URL=own_store.url)
    wait_until(lambda: redis.exists(keys.ALIASES))

    own_store.promote(SECOND)

    deliveries = Deliveries(redis, sealed)
    wait_until(lambda: deliveries.page(endpoint.id, limit=9))
    (told,) = deliveries.page(endpoint.id, limit=9)
    assert told.type == "model.promoted"
