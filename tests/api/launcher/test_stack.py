"""Laws of the processes of an installation."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from api.launcher.stack import Stack
from api.launcher.statefolder import StateFolder
from model_store.settings import ARCHIVE_URL
from worker.supervision.child import ChildSpec
from worker.webhook_settings import SECRET_KEYS

KEY_FILE = "KERBSIDE_SIGNING_KEY_FILE"


def made_stack(folder: Path, **more: Any) -> Stack:
    """Return a stack in a folder, with nothing behind it."""
    return Stack(
        state=StateFolder(folder),
        environment={KEY_FILE: "", SECRET_KEYS: ""},
        redis_url_of=lambda user: f"redis://{user}@127.0.0.1:1/0",
        lock=0,
        port=1,
        flower_port=2,
        flower_password="secret",
        predictors=1,
        drain_s=1,
        waiters=1,
        **more,
    )


@pytest.mark.parametrize("key_file", [Path("/keys/signing.pem"), None])
def test_what_trains_alone_is_given_the_signing_key(
    tmp_path: Path, key_file: Path | None
) -> None:
    """Upkeep retrains. Where no key was named, that of the state folder is found."""
    stack = made_stack(tmp_path, signing_key_file=key_file)
    trains = [stack.training(), stack.upkeep_worker()]
    others = [stack.api(), stack.webhooks_worker(), stack.beat(), stack.flower()]

    assert {spec.environment.get(KEY_FILE, "") for spec in trains} == {
        str(key_file or "")
    }
    assert {
        spec.environment[KEY_FILE] for spec in (*others, *stack.prediction_workers())
    } == {""}


def test_each_process_knows_its_own_user_of_redis_and_no_other(tmp_path: Path) -> None:
    """Who takes over a process has no more rights than it had; training has none."""
    stack = made_stack(tmp_path)
    workers = [*stack.prediction_workers(), stack.upkeep_worker(), stack.beat()]

    assert [_user(spec) for spec in workers] == ["worker"] * 3
    assert _user(stack.api()) == "api"
    assert _user(stack.flower()) == "flower"
    assert _user(stack.training()) == ""


def _user(spec: ChildSpec) -> str:
    return urlsplit(spec.environment["KERBSIDE_REDIS_URL"]).username or ""


def test_who_seals_and_who_signs_alone_are_given_the_secret_keys(
    tmp_path: Path,
) -> None:
    """Who prices houses has no use for them, and who shows queues none either."""
    stack = made_stack(tmp_path, secret_keys=("new", "old"))
    specs = [stack.api(), stack.webhooks_worker(), stack.upkeep_worker(), stack.beat()]
    specs += [stack.flower(), stack.training(), *stack.prediction_workers()]

    given = {spec.name: spec.environment[SECRET_KEYS] for spec in specs}
    assert {name for name, keys in given.items() if keys} == {"api", "webhooks"}
    assert given["api"] == given["webhooks"] == "new old"


def test_who_archives_or_reads_the_archive_alone_is_told_where_it_is(
    tmp_path: Path,
) -> None:
    """Its address may hold a password."""
    stack = made_stack(tmp_path, archive_url="sqlite:////srv/archive.db")
    specs = [stack.api(), *stack.workers(), stack.beat(), stack.flower()]

    told = {spec.name for spec in specs if spec.environment.get(ARCHIVE_URL)}
    assert told == {"api", "predictions-1", "webhooks", "upkeep"}
