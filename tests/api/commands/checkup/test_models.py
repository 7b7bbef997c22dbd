"""What is said of a model store and its champion."""

from collections.abc import Callable
from pathlib import Path

import pytest
import redis as redis_py

from api.commands.checkup import models
from api.commands.checkup.finding import Status, Target
from model_store.storage.manifest import MODEL
from model_store.store import ModelStore
from tests.api.commands.checkup.conftest import changed, only, statuses
from worker.settings import WorkerSettings
from worker.versions import Versions

Damage = Callable[[ModelStore, Target], Target]


@pytest.fixture
def versions(redis: redis_py.Redis, settings: WorkerSettings) -> Versions:
    """Return what workers report."""
    return Versions(redis, settings)


def test_a_champion_that_workers_have_is_fine(
    target: Target, store: ModelStore, versions: Versions
) -> None:
    """Store, champion and workers are each told."""
    versions.loaded(store.resolve("champion"))

    found = [*models.check_store(target), *models.check_loaded(target)]

    assert set(statuses(found).values()) == {Status.OK}
    assert "signed and whole" in only(found, "champion").found


def test_a_champion_that_no_worker_has_is_told(target: Target) -> None:
    """It may be that they just start."""
    assert statuses(models.check_loaded(target))["loaded"] is Status.WARNING


def test_a_champion_that_workers_refuse_is_told_with_their_reason(
    target: Target, store: ModelStore, versions: Versions
) -> None:
    """Prices come from another version, or not at all."""
    versions.refused(store.resolve("champion"), "no such column")

    found = only(models.check_loaded(target), "loaded")

    assert found.status is Status.FAILED
    assert "1 times: no such column" in found.found


def _empty(_: ModelStore, target: Target) -> Target:
    return changed(target, store_url=str(target.settings.state_dir / "none"))


def _damaged(store: ModelStore, target: Target) -> Target:
    (Path(store.url) / store.resolve("champion") / MODEL).write_bytes(b"")
    return changed(target, store_url=store.url)


def _untrusted(store: ModelStore, target: Target) -> Target:
    return changed(target, store_url=store.url, trusted_keys=())


def _unreadable(store: ModelStore, target: Target) -> Target:
    (Path(store.url) / "aliases.json").write_text("{")
    return changed(target, store_url=store.url)


@pytest.mark.parametrize(
    ("damage", "check", "words", "remedy"),
    [
        (_empty, "champion", "none in", "`kerbside model train`"),
        (_damaged, "champion", "model.skops not as", "`kerbside model rollback`"),
        (_untrusted, "champion", "trusted: no key", "KERBSIDE_TRUSTED_KEYS"),
        (_unreadable, "model store", "cannot read", "KERBSIDE_STORE_URL"),
    ],
)
def test_a_store_without_a_usable_champion_is_told(
    target: Target,
    own_store: ModelStore,
    damage: Damage,
    check: str,
    words: str,
    remedy: str,
) -> None:
    """Each fault has its own remedy."""
    damaged = damage(own_store, target)

    found = only(models.check_store(damaged), check)

    assert "loaded" not in statuses(models.check_store(damaged))
    assert found.status is Status.FAILED
    assert words in found.found
    assert remedy in found.remedy
