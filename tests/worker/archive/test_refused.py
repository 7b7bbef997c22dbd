"""The laws of what the archive refuses: it holds up nothing else and is not lost."""

from datetime import UTC, datetime

import pytest

from model_store.archive.predictions import Predictions
from tests.model_store.archive.rows import actions
from tests.worker.archive.site import Site
from worker import keys
from worker.audit import Action, Audit
from worker.feed import Feed


@pytest.fixture
def again(site: Site) -> Feed:
    """Return another reader, for whom a lease is over at once."""
    hasty = site.settings.model_copy(update={"lease_s": 0.0})
    return Feed(site.redis, hasty, reader="two")


def test_an_action_that_cannot_be_read_holds_up_no_other(
    site: Site, again: Feed, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told, counted, and tried again."""
    site.redis.xadd(keys.FEED, {"audit": "no JSON"})
    Audit(site.redis).keep(_action())
    job = site.price()

    site.archiving.take_up(site.next())

    assert len(actions(site.archive)) == 1
    assert site.archive.predictions.get(job.id)
    assert "not_archived" in caplog.text
    (left,) = again.inherited(9)
    assert left.audit == b"no JSON"


def test_an_erasure_that_fails_holds_up_no_other(
    site: Site, again: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is done once it can be."""
    bad, good = site.price(), site.price()
    site.take_up()
    delete = Predictions.delete

    def fail(self: Predictions, tenant: str, prediction_id: str) -> bool:
        if prediction_id == bad.id:
            raise ValueError("no")
        return delete(self, tenant, prediction_id)

    for job in (bad, good):
        site.queue.delete("acme", job.id)
    with monkeypatch.context() as patch:
        patch.setattr(Predictions, "delete", fail)
        site.archiving.take_up(site.next())

    assert site.archive.predictions.get(good.id) is None
    assert site.archive.predictions.get(bad.id)
    site.archiving.take_up(again.inherited(9))
    assert site.archive.predictions.get(bad.id) is None
    assert site.waiting() == 0


def test_an_entry_of_a_newer_release_waits_for_it(
    site: Site, again: Feed, caplog: pytest.LogCaptureFixture
) -> None:
    """Who does not know it leaves it where it is."""
    site.redis.xadd(keys.FEED, {"valuation": "x"})

    site.archiving.take_up(site.next())

    assert "unknown kind" in caplog.text
    assert site.waiting() == len(again.inherited(9)) == 1


def test_what_a_living_reader_has_in_hand_hides_nothing(site: Site) -> None:
    """Each look for what others left goes on behind the last one."""
    for _ in range(30):
        site.price()
    held = site.next()
    gone = held[-1].id
    long_ms = int(site.settings.lease_s * 2000)
    site.redis.xclaim(keys.FEED, keys.ARCHIVISTS, "dead", 0, [gone], idle=long_ms)
    other = Feed(site.redis, site.settings, reader="two")

    # Of a look for one entry, Redis looks at ten.
    found = [other.inherited(1) for _ in range(3)]

    assert [[entry.id for entry in some] for some in found] == [[], [], [gone]]


def _action() -> Action:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return Action(time=now, actor="cli:ada", operation="revoke_key", targets=["one"])
