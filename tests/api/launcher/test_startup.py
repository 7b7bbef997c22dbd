"""Laws of a start whose first houses are late."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from api.launcher import startup, up
from api.launcher.faults import NotPricedInTime, NotReady
from api.launcher.local_keys import LocalAccess, LocalKeys
from api.launcher.screen import Screen
from api.launcher.stack import Stack
from api.launcher.startup import Startup
from api.launcher.statefolder import StateFolder
from model_store.archive.archive import Archive
from model_store.card import ModelCard
from model_store.store import ModelStore
from tests.api.conftest import Submit
from worker.audit import Audit
from worker.credentials import ApiKeys
from worker.supervision.child import ChildSpec
from worker.supervision.inbox import SignalInbox
from worker.supervision.supervisor import Supervisor


class Recorder(Supervisor):
    """A supervisor that starts nothing."""

    started: tuple[str, ...] = ()

    def start(self, *specs: ChildSpec) -> None:
        """Remember what was to be started."""
        self.started += tuple(spec.name for spec in specs)

    def settle(self, *names: str) -> None:
        """Settle nothing."""


@pytest.fixture
def started(port: int, tmp_path: Path) -> Iterator[Startup]:
    """Return the steps of a start beside an API that serves already."""
    stack = Stack(
        state=StateFolder.prepare(tmp_path / "var"),
        environment={},
        redis_url_of=lambda user: f"redis://{user}@127.0.0.1:1/0",
        lock=0,
        port=port,
        flower_port=0,
        flower_password="secret",
        predictors=1,
        drain_s=1,
        waiters=200,
    )
    with contextlib.closing(Screen()) as screen, SignalInbox() as inbox:
        yield Startup(stack, Recorder(inbox, report=screen.warn), screen)


@pytest.fixture
def card(store: ModelStore) -> ModelCard:
    """Return the champion's card."""
    return store.card(store.resolve("champion"))


@pytest.fixture
def local_keys(redis: redis_py.Redis, tmp_path: Path) -> LocalKeys:
    """Return the keys of the installation."""
    return LocalAccess(tmp_path / "access.json").keys(ApiKeys(redis), Audit(redis))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the houses no time."""
    monkeypatch.setattr(startup, "PRICING_WAIT_S", 0.3)


def test_what_tends_the_queue_starts_with_the_workers(started: Startup) -> None:
    """Jobs that were lost before are brought back although no house was priced."""
    started.api()

    supervisor: Any = started.supervisor
    workers = {"predictions-1", "webhooks", "upkeep", "batches"}
    assert set(supervisor.started) == {"api", "beat", *workers}


def test_a_backlog_is_a_warning_that_names_it(
    started: Startup,
    card: ModelCard,
    local_keys: LocalKeys,
    submit: Submit,
    impatient: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The installation comes up and works it off."""
    for _ in range(3):
        submit()

    assert up._houses(started, card, local_keys, once=False) == ()  # noqa: SLF001 - the rule

    assert f"{3 + len(card.examples)} jobs wait" in capsys.readouterr().err


def test_a_paused_lane_is_named(
    started: Startup,
    card: ModelCard,
    local_keys: LocalKeys,
    redis: redis_py.Redis,
    impatient: None,
) -> None:
    """Nobody has to guess why nothing is priced."""
    redis.set("kerbside:paused:predictions", "1")

    with pytest.raises(NotPricedInTime, match="lane is paused"):
        started.houses(card, local_keys)


def test_a_run_for_the_houses_alone_ends_without_them(
    started: Startup, card: ModelCard, local_keys: LocalKeys, impatient: None
) -> None:
    """`--once` has nothing else to do; its exit code says so."""
    with pytest.raises(NotPricedInTime) as late:
        up._houses(started, card, local_keys, once=True)  # noqa: SLF001 - the rule

    assert late.value.exit_code == 8


def test_the_server_has_threads_for_as_many_waiters_as_are_set(
    started: Startup,
) -> None:
    """The setting alone moves both figures."""
    assert "--blocking-threads=232" in started.stack.api().command


def test_the_archive_has_its_tables_before_anything_starts(
    started: Startup, tmp_path: Path
) -> None:
    """Made when it is not there yet; a second start finds it as it is."""
    url = f"sqlite:///{tmp_path}/deep/archive.db"
    start = replace(started, stack=replace(started.stack, archive_url=url))

    start.archive()
    start.archive()

    with contextlib.closing(Archive(url)) as archive:
        archive.check()


def test_an_archive_that_cannot_be_used_ends_the_start(started: Startup) -> None:
    """With the reason, before anybody works without it."""
    stack = replace(started.stack, archive_url="sqlite:////proc/archive.db")

    with pytest.raises(NotReady, match=r"^archive /proc/archive\.db: No such file"):
        replace(started, stack=stack).archive()
