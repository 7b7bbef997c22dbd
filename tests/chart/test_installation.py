"""The parts of the chart, started as their pods start them, beside each other."""

import subprocess
import urllib.error
import urllib.request
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from api.client import Client
from api.client.batches import CSV
from model_store.store import ModelStore
from tests.chart import chart
from tests.chart.stand import Stand
from tests.patience import wait_until
from worker import connection
from worker.credentials import ApiKeys

_WORKERS = ("worker-predictions", "worker-batches", "worker-webhooks", "upkeep")
#: The house of `helm test`, as a table.
_HOUSE = chart.CHART / "files" / "house.csv"
_PARTS = ("api", *_WORKERS, "flower")


def test_the_parts_price_the_house_of_helm_test(
    store: ModelStore, tmp_path: Path
) -> None:
    """Arguments, variables, users of Redis, probes: all that needs no cluster."""
    other = {
        "KERBSIDE_STORE_URL": store.url,
        "KERBSIDE_TRUSTED_KEYS": " ".join(store.trust.keys),
        # Beside each other they cannot all have the same port.
        "KERBSIDE_METRICS_PORT": "0",
    }
    stand = Stand(chart.template("helm-4"), tmp_path, other)
    with ExitStack() as running:
        running.enter_context(stand.redis())
        pods = {part: stand.rendered.pod("Deployment", part) for part in _PARTS}
        processes = {
            part: running.enter_context(stand.run(pod)) for part, pod in pods.items()
        }
        wait_until(partial(_answers, stand, "readyz"), "readiness", timeout_s=180)
        done = _run(stand, stand.rendered.one("Pod", "test-price"))
        assert done.returncode == 0, done.stderr
        header, row = done.stdout.splitlines()
        assert float(dict(zip(header.split(","), row.split(","), strict=True))["price"])
        _price_batch(stand)
        for part in _WORKERS:
            wait_until(partial(_lives, stand, pods[part]), f"the probe of {part}")
        for process in processes.values():
            assert process.poll() is None
            process.terminate()
        ended = {part: process.wait() for part, process in processes.items()}

    assert ended == dict.fromkeys(_PARTS, 0)


def _price_batch(stand: Stand) -> None:
    """Have a batch priced: API and worker find its files in the same place."""
    with connection.connect(stand.redis_url("operator"), role="operator") as redis:
        token, _ = ApiKeys(redis).create(tenant="acme", scopes=["predict", "read"])
    with Client(f"http://127.0.0.1:{stand.api_port}", token) as client:
        batch = client.batches.submit(_HOUSE.read_bytes(), CSV)
        wait_until(lambda: client.batches.get(batch).has_ended, "prices", timeout_s=180)
        ended = client.batches.get(batch)
    assert (ended.status, ended.completed) == ("completed", 1)


def _run(stand: Stand, pod: chart.Manifest) -> "subprocess.CompletedProcess[str]":
    (container,) = pod["spec"]["containers"]
    return subprocess.run(
        stand.words(container),
        env=stand.environment(container),
        cwd=stand.folder,
        capture_output=True,
        text=True,
        check=False,
    )


def _lives(stand: Stand, pod: chart.Manifest) -> bool:
    (container,) = pod["spec"]["containers"]
    probe = container["livenessProbe"]["exec"]["command"]
    words = [stand.here(word) for word in probe]
    return subprocess.run(words, check=False).returncode == 0


def _answers(stand: Stand, path: str) -> bool:
    try:
        url = f"http://127.0.0.1:{stand.api_port}/{path}"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
