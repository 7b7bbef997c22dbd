"""The laws of /healthz and /readyz."""

import threading
import time
from pathlib import Path

import pytest

from api.app import create_app
from api.readiness import READY_CAP_S
from api.services import Services
from api.settings import ApiSettings
from model_store.store import ModelStore
from tests.api.conftest import Client, assert_problem
from worker.queue import Queue
from worker.supervision import ports


def client_of(settings: ApiSettings) -> Client:
    """Return a client of an application of its own."""
    return create_app(settings).test_client()


def test_healthz_needs_no_redis_and_no_key(store: ModelStore) -> None:
    """A Redis outage must not make anyone restart this process."""
    away = f"redis://127.0.0.1:{ports.find_free()}/0"
    client = client_of(
        ApiSettings(redis_url=away, store_url=store.url, trusted_keys=store.trust.keys)
    )

    answer = client.get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_readyz_names_the_champion(client: Client, store: ModelStore) -> None:
    """Ready means: a submit would be taken, and validated for this version."""
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json == {"status": "ready", "champion": store.resolve("champion")}


def test_readyz_fails_without_redis(store: ModelStore) -> None:
    """Really with 503."""
    away = f"redis://127.0.0.1:{ports.find_free()}/0"
    client = client_of(
        ApiSettings(redis_url=away, store_url=store.url, trusted_keys=store.trust.keys)
    )

    problem = assert_problem(client.get("/readyz"), 503, "not-ready")

    assert problem["detail"] == "Job store not available"


def test_readyz_fails_without_a_champion(redis_url: str, tmp_path: Path) -> None:
    """Nothing can be priced yet."""
    client = client_of(ApiSettings(redis_url=redis_url, store_url=str(tmp_path)))

    problem = assert_problem(client.get("/readyz"), 503, "not-ready")

    assert problem["detail"] == "No model to price with"


def test_a_submit_without_a_champion_is_503(
    redis_url: str, tmp_path: Path, caller: dict[str, str]
) -> None:
    """It is not the client's fault; it may come again."""
    client = client_of(ApiSettings(redis_url=redis_url, store_url=str(tmp_path)))

    answer = client.post("/v1/predictions", json={"input": {}}, headers=caller)

    assert_problem(answer, 503, "no-champion")
    assert "Retry-After" in answer.headers


def test_a_submit_to_a_champion_that_is_missing_is_503(
    redis_url: str, tmp_path: Path, caller: dict[str, str]
) -> None:
    """It is the store that is damaged, and no address that is wrong."""
    (tmp_path / "aliases.json").write_text(
        '{"generation": 1, "champion": "lost", "challenger": null, "previous": null}'
    )
    client = client_of(ApiSettings(redis_url=redis_url, store_url=str(tmp_path)))

    for named in ({}, {"version": "champion"}):
        body = {"input": {}, **named}
        answer = client.post("/v1/predictions", json=body, headers=caller)

        assert_problem(answer, 503, "model-store-unavailable")


def test_readyz_answers_in_time_whatever_hangs(
    client: Client, shared: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A prober is not kept waiting, and does not pile up threads."""
    looks, answered = [], threading.Event()

    def hang(_: Queue) -> None:
        looks.append(1)
        answered.wait(10)

    monkeypatch.setattr(type(shared.queue), "write_probe", hang)
    started = time.monotonic()

    answers = [client.get("/readyz") for _ in range(2)]

    answered.set()
    assert time.monotonic() - started < 2 * READY_CAP_S + 0.5
    for answer in answers:
        assert_problem(answer, 503, "not-ready")
    assert looks == [1]
