"""The laws of archived predictions of which somebody is told by a webhook."""

import pytest

from model_store.archive.prediction import Prediction
from tests.worker.archive.site import Meanwhile, Site
from worker import keys
from worker.archiving import Archiving
from worker.jobs import Job
from worker.keys import WEBHOOKS
from worker.metrics import Metrics
from worker.webhooks.deliveries import Deliveries, Verdict
from worker.webhooks.errors import DeliveryErased

URL = "https://receiver.example/hook"


@pytest.fixture
def deliveries(site: Site) -> Deliveries:
    """Return what delivers."""
    return Deliveries(site.redis, site.settings)


def _delivered(deliveries: Deliveries, outcome: str = "delivered") -> None:
    (lease,) = deliveries.ledger.claim(WEBHOOKS, limit=1, worker="d").leases
    deliveries.attempted(lease, Verdict(outcome), {"at": 1, "status_code": 200})


def _kept(site: Site, job: Job) -> Prediction:
    found = site.archive.predictions.get(job.id)
    assert found
    return found


def test_a_prediction_stays_while_it_is_told_of(site: Site) -> None:
    """Longer than its window: what becomes of the delivery is to be seen in it."""
    job = site.price(webhook=URL)

    site.take_up()

    assert _kept(site, job).state == "succeeded"
    assert site.redis.ttl(keys.job_key(job.id)) > 3 * 86400


@pytest.mark.parametrize(
    ("outcome", "status"), [("delivered", "delivered"), ("failed", "failed")]
)
def test_what_became_of_its_webhook_is_archived(
    site: Site, deliveries: Deliveries, outcome: str, status: str
) -> None:
    """And only then it leaves Redis."""
    job = site.price(webhook=URL)
    site.take_up()

    _delivered(deliveries, outcome)

    assert site.redis.ttl(keys.job_key(job.id)) == -1
    told = site.queue.find("acme", job.id)
    assert told.webhook_status == status
    site.lapse(told)
    assert site.queue.find("acme", job.id) == told


def test_what_a_late_delivery_says_is_archived_whenever_it_comes(
    site: Site, deliveries: Deliveries
) -> None:
    """Also one that is told of once more within its window."""
    job = site.price(webhook=URL)
    _delivered(deliveries, "failed")
    site.take_up()
    (log,) = deliveries.page("default:acme", limit=10)

    deliveries.redeliver("acme", log.id)
    site.take_up()
    _delivered(deliveries)

    told = site.queue.find("acme", job.id)
    assert told.webhook_status == "delivered"
    site.lapse(told)
    assert site.queue.find("acme", job.id) == told


@pytest.mark.parametrize(
    ("outcome", "status"), [("delivered", "delivered"), ("failed", "failed")]
)
def test_what_becomes_of_a_redelivery_reaches_the_archive(
    site: Site, deliveries: Deliveries, outcome: str, status: str
) -> None:
    """When its prediction has long left Redis; whoever reads it there is told."""
    job = _gone_undelivered(site, deliveries)
    (log,) = deliveries.page("default:acme", limit=10)

    deliveries.redeliver("acme", log.id)
    _delivered(deliveries, outcome)
    site.take_up()

    assert site.queue.find("acme", job.id).webhook_status == status
    assert site.waiting() == 0


def test_an_older_word_of_a_redelivery_changes_no_later_one(
    site: Site, deliveries: Deliveries
) -> None:
    """As that of an archivist which died with it in hand."""
    job = _gone_undelivered(site, deliveries)
    (log,) = deliveries.page("default:acme", limit=10)
    deliveries.redeliver("acme", log.id)
    _delivered(deliveries, "failed")
    older = site.next()

    deliveries.redeliver("acme", log.id)
    _delivered(deliveries)
    site.archiving.take_up(site.next())
    site.archiving.take_up(older)

    assert site.queue.find("acme", job.id).webhook_status == "delivered"


def test_a_redelivery_brings_back_nothing_that_was_erased(
    site: Site, deliveries: Deliveries
) -> None:
    """Its end may come after the erasure."""
    job = _gone_undelivered(site, deliveries)
    (log,) = deliveries.page("default:acme", limit=10)
    deliveries.redeliver("acme", log.id)
    _delivered(deliveries)
    entries = site.next()

    site.queue.delete("acme", job.id)
    site.archiving.take_up(site.next())
    site.archiving.take_up(entries)

    assert site.archive.predictions.get(job.id) is None


def test_a_retried_job_counts_what_still_tells_of_its_earlier_end(
    site: Site, deliveries: Deliveries
) -> None:
    """It came back from the archive, where nobody counted, and stays as long."""
    job = site.fail(webhook=URL)
    _delivered(deliveries, "failed")
    site.lapse(site.queue.find("acme", job.id))
    (log,) = deliveries.page("default:acme", limit=10)
    deliveries.redeliver("acme", log.id)

    site.queue.retry("acme", job.id)
    assert _undelivered(site, job) == 1
    _delivered(deliveries)

    assert _undelivered(site, job) == 0
    site.finish()
    assert _undelivered(site, job) == 1


def _undelivered(site: Site, job: Job) -> int:
    return int(site.redis.hget(keys.job_key(job.id), "undelivered"))


def _gone_undelivered(site: Site, deliveries: Deliveries) -> Job:
    """Return a job that left Redis with a webhook that had failed."""
    job = site.price(webhook=URL)
    _delivered(deliveries, "failed")
    told = site.queue.find("acme", job.id)
    site.lapse(told)
    assert site.queue.find("acme", job.id).webhook_status == "failed"
    return told


def test_a_status_that_came_while_it_was_archived_is_not_lost(
    site: Site, deliveries: Deliveries, metrics: Metrics
) -> None:
    """Not even where another archived it in between: who was slow reads once more."""
    job = site.price(webhook=URL)
    entries = site.next()

    def end() -> None:
        _delivered(deliveries)
        site.archiving.take_up(site.next())

    slow = Meanwhile(site.archive, end, "before")
    Archiving(site.feed, slow, metrics).take_up(entries)

    assert _kept(site, job).further["webhook_status"] == "delivered"
    assert site.waiting() == 0


def test_a_record_that_nothing_archives_any_more_ends_by_itself(
    site: Site, deliveries: Deliveries
) -> None:
    """Where the feed was removed, by who gave the archive up; a dead letter later."""
    job = site.price(webhook=URL)
    buried = site.bury(site.submit(webhook=URL))
    site.redis.delete(keys.FEED)

    _delivered(deliveries)
    _delivered(deliveries)

    for one, ttl in (
        (job, site.settings.result_ttl_s),
        (buried, site.settings.dead_ttl_s),
    ):
        assert ttl - 60 < site.redis.ttl(keys.job_key(one.id)) <= ttl
        assert site.queue.find("acme", one.id).expires_ms is not None


def test_a_delete_of_an_archived_job_erases_its_deliveries(
    site: Site, deliveries: Deliveries
) -> None:
    """Nobody sends the house again."""
    job = _gone_undelivered(site, deliveries)
    (log,) = deliveries.page("default:acme", limit=10)

    site.queue.delete("acme", job.id)
    site.take_up()

    with pytest.raises(DeliveryErased):
        deliveries.redeliver("acme", log.id)
    record = site.redis.hgetall(keys.job_key(log.id))
    assert not [name for name in record if name.startswith(b"job:")]
