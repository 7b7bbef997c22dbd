"""The law of the audit log, over all commands: what changes something is in it."""

import gzip
import json
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest
import redis as redis_py

from api.commands import model
from model_store import dataset
from model_store.archive.archive import Archive
from model_store.store import ModelStore
from tests import dead_letters
from tests.api.commands.test_every_command import LEAVES
from tests.api.conftest import Run
from tests.second_version import SECOND
from worker import keys, ledger, queue
from worker.audit import Audit
from worker.credentials import ApiKeys
from worker.settings import WorkerSettings
from worker.webhooks.deliveries import Deliveries, Verdict
from worker.webhooks.endpoints import Endpoints, Wanted
from worker.webhooks.sealing import new_key

#: Of an address, so that no name server is asked.
URL = "https://93.184.215.14/hook"

#: What changes something, as it is typed -> what is written down.
CHANGING = {
    "keys create": "create_key",
    "keys revoke {key}": "revoke_key",
    "dead-letters replay {letter}": "replay_dead_letters",
    "dead-letters discard {letter}": "discard_dead_letters",
    "lanes pause predictions": "pause_lane",
    "lanes resume predictions": "resume_lane",
    "lanes purge predictions --yes": "purge_lane",
    f"webhooks create {URL}": "create_webhook",
    "webhooks delete {hook}": "delete_webhook",
    "webhooks enable {hook}": "enable_webhook",
    "webhooks disable {hook}": "disable_webhook",
    "webhooks rotate-secret {hook}": "rotate_webhook_secret",
    "webhooks test {hook} --wait 0": "test_webhook",
    "webhooks redeliver {delivery}": "redeliver",
    "webhooks recover {hook}": "recover_deliveries",
    "webhooks import {file}": "import_webhooks",
    "webhooks reseal": "reseal_webhook_secrets",
    f"model promote {SECOND}": "promote_model",
    "model rollback": "rollback_model",
    "model dismiss": "dismiss_challenger",
    "model train": "promote_model",
    "model retrain": "promote_model",
    "archive export audit -o {export}": "export_archive",
    "archive erase acme --yes": "erase_tenant",
    "archive prune": "prune_archive",
    "archive leave --yes": "leave_archive",
    "model promote previous --as challenger": "name_challenger",
    "model review-sample -o {export}": "draw_review_sample",
    "model add-sales {sales}": "add_sales",
    "model remove-sales {sales}": "remove_sales",
}

#: What only reads, or writes files of its own machine alone.
READING = {
    *("keys list", "keys show", "dead-letters list", "dead-letters show"),
    *("lanes list", "doctor", "audit", "redis acl", "listen", "init", "serve"),
    *("webhooks list", "webhooks show", "webhooks deliveries", "webhooks export"),
    *("webhooks new-key", "model list", "model show", "model diff"),
    *("model evaluate", "model key", "model aliases", "model accuracy", "model init"),
    *("model card", "model simulate", "drift"),
    *("archive status",),
    # It brings tables up to date before anybody may serve.
    "archive migrate",
    # Through the API, as any client.
    *("predict", "outcomes add", "outcomes withdraw"),
    *("batch submit", "batch status", "batch results", "batch cancel"),
    *("batch list", "batch delete"),
    *("property value", "property show", "property list", "property history"),
    *("property import", "property delete"),
}

#: What tests/api/launcher/test_local_keys.py looks at: the keys that it makes.
STARTING = {"up"}


def test_of_every_command_it_is_known_whether_it_changes_something() -> None:
    """A new one is put into a table above, or this fails."""
    found = {words.removeprefix("kerbside ") for words, _ in LEAVES}
    words = {_command(typed, found) for typed in CHANGING}

    assert words | READING | STARTING == found
    assert not words & READING


def _command(typed: str, commands: set[str]) -> str:
    return max((one for one in commands if f"{typed} ".startswith(f"{one} ")), key=len)


@pytest.fixture
def environment(
    redis_url: str, own_store: ModelStore, archive: Archive
) -> Mapping[str, str]:
    """Return the settings of an operator."""
    return {
        "KERBSIDE_REDIS_URL": redis_url,
        "KERBSIDE_ARCHIVE_URL": archive.database.place,
        "KERBSIDE_SECRET_KEYS": new_key(),
        "KERBSIDE_STORE_URL": own_store.url,
        "KERBSIDE_TRUSTED_KEYS": " ".join(own_store.trust.keys or ()),
    }


@pytest.fixture
def things(
    environment: Mapping[str, str],
    redis: redis_py.Redis,
    front_desk: queue.Queue,
    book: ledger.Ledger,
    own_store: ModelStore,
    tmp_path: Path,
) -> Mapping[str, str]:
    """Return one of each thing that a command may be about."""
    settings = WorkerSettings.from_env(environment)
    deliveries = Deliveries(redis, settings)
    hook, _ = Endpoints(redis, settings).create(
        "default", Wanted(url=URL, events=["*"])
    )
    (delivery,) = deliveries.publish(
        *("default", f"evt_{uuid.uuid4().hex}", "prediction.succeeded", b"{}"),
        endpoint=hook.id,
    )
    (lease,) = book.claim(keys.WEBHOOKS, limit=1, worker="w").leases
    logged = {"at": 1, "status_code": 200, "duration": 0.1}
    answered = {**logged, "response": "", "error": None}
    deliveries.attempted(lease, Verdict("delivered"), answered)
    file = tmp_path / "webhooks.json"
    file.write_text(
        json.dumps({"endpoints": [{"tenant": "acme", "url": URL, "events": ["*"]}]})
    )
    own_store.promote(SECOND)
    return {
        "key": ApiKeys(redis).create(tenant="acme", scopes=["read"])[1].id,
        "letter": dead_letters.made(front_desk, book, redis)[0],
        "hook": hook.id,
        "delivery": delivery,
        "file": str(file),
        "export": str(tmp_path / "audit.csv"),
        "sales": str(_some_sales(tmp_path)),
    }


def _some_sales(folder: Path) -> Path:
    """Write the first of the shipped sales into a table of its own."""
    table = dataset.SHIPPED.with_name("king_county_sales.csv.gz")
    with gzip.open(table, "rt", encoding="utf-8") as file:
        lines = [next(file) for _ in range(9)]
    some = folder / "sales.csv"
    some.write_text("".join(lines), encoding="utf-8")
    return some


@pytest.mark.parametrize(("typed", "operation"), CHANGING.items())
def test_a_command_that_changes_something_is_written_down(
    *,
    run: Run,
    environment: Mapping[str, str],
    things: Mapping[str, str],
    redis: redis_py.Redis,
    own_store: ModelStore,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    operation: str,
) -> None:
    """Once, by its name, and without any secret."""
    if typed in {"model train", "model retrain"}:
        own_store.rollback()
        # What trains takes minutes; what counts here is what it does in the end.
        program = f"from model_store.cli import cli; cli(['promote', '{SECOND}'])"
        monkeypatch.setattr(model, "_PROGRAM", (sys.executable, "-c", program))

    done = run(*typed.format(**things).split(), **environment)

    kept = Audit(redis).newest(10)
    assert [one["operation"] for one in kept] == [operation], done.output
    assert kept[0]["outcome"] == "done"
    assert "whsec_" not in repr(kept)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("--n 5 --seed 2026", ["n=5", "seed=2026", "allocation=proportional"]),
        (
            "--by price_quintile --allocation equal --version v1",
            ["n=100", "seed=0", "version=v1", "by=price_quintile", "allocation=equal"],
        ),
    ],
)
def test_of_a_sample_it_is_written_down_which_one(
    *,
    run: Run,
    environment: Mapping[str, str],
    things: Mapping[str, str],
    redis: redis_py.Redis,
    typed: str,
    told: list[str],
) -> None:
    """So that anybody can draw it again; nothing of the houses in it."""
    where = ("-o", things["export"])

    done = run("model", "review-sample", *where, *typed.split(), **environment)

    kept = Audit(redis).newest(10)
    assert [one["targets"] for one in kept] == [told], done.output


def test_a_training_that_promotes_nothing_is_not_written_down(
    run: Run,
    environment: Mapping[str, str],
    things: Mapping[str, str],
    redis: redis_py.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It changed no price."""
    monkeypatch.setattr(model, "_PROGRAM", (sys.executable, "-c", ""))

    assert run("model", "train", **environment).exit_code == 0

    assert Audit(redis).newest(10) == []
