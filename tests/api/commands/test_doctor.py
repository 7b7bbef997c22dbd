"""Laws of `kerbside doctor`, up to where processes are started."""

import json
import socket
from typing import Any

import redis as redis_py
from click.testing import Result

from model_store.store import ModelStore
from tests.api.commands.conftest import Serve
from tests.api.conftest import Run
from worker import pauses, upkeep
from worker.keys import PREDICTIONS
from worker.ledger import Ledger
from worker.metrics import Metrics


def _record(done: Result) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def test_the_shape_of_its_json(run: Run) -> None:
    """A program finds in each finding what a reader does."""
    done = run("doctor", "--json")
    record = _record(done)

    assert done.exit_code == 1
    assert record.keys() == {"status", "findings"}
    assert record["status"] == "failed"
    for one in record["findings"]:
        assert one.keys() == {"check", "status", "found", "expected", "remedy"}
        assert one["status"] in {"ok", "warning", "failed"}


def test_a_reader_is_told_what_to_do(run: Run) -> None:
    """Nothing was started yet: every line that is wrong says what helps."""
    done = run("doctor")

    assert done.exit_code == 1
    assert "none is known in" in done.stdout
    assert "start one with `kerbside up`" in done.stdout
    assert " failed." in done.stdout


def test_warnings_alone_are_no_failure(
    run: Run,
    serve: Serve,
    operator_url: str,
    store: ModelStore,
    book: Ledger,
    redis: redis_py.Redis,
    metrics: Metrics,
) -> None:
    """The exit code tells whether houses are priced, not whether all is perfect."""
    book.claim(PREDICTIONS, limit=1, worker="w")
    pauses.begin(redis, PREDICTIONS)
    upkeep.tend(book, metrics)
    port = serve({"/healthz": (200, b""), "/readyz": (200, b"")})

    done = run(
        "doctor",
        "--json",
        KERBSIDE_REDIS_URL=operator_url,
        KERBSIDE_STORE_URL=store.url,
        KERBSIDE_TRUSTED_KEYS=" ".join(store.trust.keys),
        KERBSIDE_PUBLIC_URL=f"http://127.0.0.1:{port}",
    )

    record = _record(done)
    wrong = {one["check"] for one in record["findings"] if one["status"] != "ok"}
    assert f"lane {PREDICTIONS}" in wrong
    assert (done.exit_code, record["status"]) == (0, "warning")


def test_a_server_that_never_answers_does_not_hold_it_up(run: Run) -> None:
    """Each check ends in its time, and the others are told all the same."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        done = run(
            "doctor",
            "--json",
            "--timeout",
            "0.3",
            KERBSIDE_REDIS_URL=f"redis://127.0.0.1:{port}/0",
            KERBSIDE_PUBLIC_URL=f"http://127.0.0.1:{port}",
        )

    found = {one["check"]: one["found"] for one in _record(done)["findings"]}
    for check in ("redis", "clock", "lanes", "api"):
        assert found[check] == "no answer within 0.3 s"
    assert "python" in found


def test_a_setting_that_cannot_be_does_not_hide_the_rest(run: Run) -> None:
    """Other commands end at it; this one is there to find it."""
    done = run("doctor", "--json", KERBSIDE_LEASE_S="soon", KERBSIDE_LEASES="9")

    findings = _record(done)["findings"]
    told = [one for one in findings if one["check"] == "settings"]
    assert [one["status"] for one in told] == ["failed", "warning"]
    assert "KERBSIDE_LEASE_S" in told[0]["found"]
    assert "Did you mean KERBSIDE_LEASE_S?" in told[1]["remedy"]
    assert len(findings) > len(told)
