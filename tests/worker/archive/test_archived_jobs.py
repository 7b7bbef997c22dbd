"""The laws of jobs that have left Redis for the archive: read, retried, deleted."""

from collections.abc import Callable

import pytest

from model_store.errors import ArchiveUnavailable
from tests.worker.archive.site import OUTPUT, Site
from tests.worker.conftest import submission
from worker import archived, keys
from worker.dead_letters import DeadLetters
from worker.errors import IdTaken, JobGone, NotRetryable, UnknownJob
from worker.jobs import State
from worker.queue import Queue
from worker.settings import WorkerSettings

URL = "https://api.example.org"
OWN_ID = "0b5d3a52-5d8a-4c3e-9d5c-1f0e9a8b7c6d"


@pytest.fixture
def cut_off(site: Site, settings: WorkerSettings) -> Queue:
    """Return a front desk whose archive is away."""
    changes = {"archive_url": "sqlite:////nowhere/archive.db"}
    return Queue(site.redis, settings.model_copy(update=changes))


@pytest.fixture(autouse=True)
def _forget_readers() -> None:
    """Let no test find the archive left alone by an earlier one."""
    archived._shared.cache_clear()  # noqa: SLF001 - one for a whole process


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"metadata": b'{"a":"\\u0000 b"}', "explain": True, "alias": "champion"},
        {"webhook": "https://r.example/x", "webhook_filter": ("start", "completed")},
    ],
)
def test_a_job_that_left_redis_is_read_as_it_was(
    site: Site, changes: dict[str, object]
) -> None:
    """Byte for byte."""
    job = site.price(**changes)

    site.lapse(job)

    found = site.queue.find("acme", job.id)
    assert found == job
    assert found.output == OUTPUT
    assert found.public(URL) == job.public(URL)


def test_its_whole_record_is_archived(site: Site) -> None:
    """But for who had it in hand: what comes back is what there was."""
    job = site.price(alias="champion", explain=True)
    record = site.redis.hgetall(keys.job_key(job.id))

    site.take_up()

    kept = site.archive.predictions.get(job.id)
    assert kept
    there = {name: value for name, value in record.items() if value}
    del there[b"worker"]
    assert archived.record_of(kept) == there


def test_another_tenants_job_is_unknown(site: Site) -> None:
    """In the archive as in Redis, whatever is asked of it."""
    job = site.fail()
    site.lapse_wholly(job)

    for act in (site.queue.find, site.queue.cancel, site.queue.retry):
        with pytest.raises(UnknownJob):
            act("other", job.id)
    with pytest.raises(UnknownJob):
        site.queue.delete("other", job.id)
    assert site.queue.find("acme", job.id) == job


def test_an_archive_that_is_away_says_so(site: Site, cut_off: Queue) -> None:
    """It is not said that there is no such job."""
    job = site.fail()
    site.lapse(job)

    for act in (cut_off.find, cut_off.cancel, cut_off.retry):
        with pytest.raises(ArchiveUnavailable):
            act("acme", job.id)


def test_a_cancel_of_an_archived_job_answers_with_it(site: Site) -> None:
    """As of any finished one."""
    job = site.price()
    site.lapse(job)

    assert site.queue.cancel("acme", job.id) == job


def test_a_retry_brings_an_archived_job_back(site: Site) -> None:
    """With a higher sequence, and the archive takes what becomes of it."""
    job = site.fail()
    site.lapse(job)

    again = site.queue.retry("acme", job.id).job

    assert (again.state, again.error) == (State.QUEUED, None)
    assert (again.sequence, again.attempts) == (job.sequence + 1, 1)
    assert (again.input, again.created_ms) == (job.input, job.created_ms)
    assert site.redis.ttl(keys.job_key(job.id)) == -1
    site.finish()
    done = site.queue.find("acme", job.id)
    site.lapse(done)
    assert site.queue.find("acme", job.id) == done
    assert (done.state, done.sequence) == (State.SUCCEEDED, job.sequence + 3)


def test_an_archived_price_is_not_retried(site: Site) -> None:
    """As in Redis."""
    job = site.price()
    site.lapse(job)

    with pytest.raises(NotRetryable):
        site.queue.retry("acme", job.id)
    assert not site.redis.exists(keys.job_key(job.id))


def test_a_put_of_an_archived_id_is_a_repeat_or_refused(site: Site) -> None:
    """However long ago it was, and whosever the id is."""
    wanted = submission(id=OWN_ID, id_is_clients=True, fingerprint="a")
    job = site.queue.submit(wanted).job
    site.finish()
    done = site.queue.find("acme", job.id)
    site.lapse_wholly(done)

    repeat = site.queue.submit(wanted)

    assert repeat.replayed
    assert repeat.job == done
    for changes in ({"fingerprint": "b"}, {"tenant": "other"}):
        own: dict[str, object] = {
            "id": OWN_ID,
            "id_is_clients": True,
            "fingerprint": "a",
        }
        with pytest.raises(IdTaken):
            site.queue.submit(submission(**(own | changes)))
    assert not site.redis.exists(keys.job_key(job.id))


def test_a_put_of_a_new_id_is_taken_though_the_archive_is_away(
    site: Site, cut_off: Queue
) -> None:
    """But not of one that Redis knows to have been a job's."""
    wanted = submission(id=OWN_ID, id_is_clients=True, fingerprint="a")
    receipt = cut_off.submit(wanted)
    assert not receipt.replayed
    site.finish()
    site.lapse(site.queue.find("acme", OWN_ID))

    with pytest.raises(ArchiveUnavailable):
        cut_off.submit(wanted)


def test_an_idempotency_key_finds_its_archived_job(site: Site) -> None:
    """For as long as the key is known."""
    job = site.price(idempotency_key="k", fingerprint="a")
    site.lapse(job)

    again = site.queue.submit(submission(idempotency_key="k", fingerprint="a"))

    assert again.replayed
    assert again.job == job


@pytest.mark.parametrize("forget", [Site.lapse, Site.lapse_wholly])
def test_a_delete_reaches_the_archive_through_the_feed(
    site: Site, forget: Callable[[Site, object], None]
) -> None:
    """From the first moment on it is gone for its client."""
    job = site.price()
    forget(site, job)

    site.queue.delete("acme", job.id)

    for _ in range(2):
        with pytest.raises(JobGone) as gone:
            site.queue.find("acme", job.id)
        assert gone.value.deleted_ms
        assert gone.value.completed_ms == job.completed_ms
        with pytest.raises(JobGone):
            site.queue.retry("acme", job.id)
        site.queue.delete("acme", job.id)
        site.take_up()
        assert site.archive.predictions.get(job.id) is None


def test_a_delete_needs_no_archive(site: Site, cut_off: Queue) -> None:
    """Of a job that Redis knows to have been there."""
    job = site.price()
    site.lapse(job)

    cut_off.delete("acme", job.id)

    with pytest.raises(JobGone):
        cut_off.find("acme", job.id)
    site.take_up()
    assert site.archive.predictions.get(job.id) is None


def test_what_retention_removed_is_gone(site: Site) -> None:
    """As without an archive."""
    job = site.price()
    site.lapse(job)
    site.archive.predictions.delete("acme", job.id)

    with pytest.raises(JobGone) as gone:
        site.queue.find("acme", job.id)
    assert gone.value.deleted_ms is None


def test_a_dead_letter_is_replayed_from_redis(site: Site) -> None:
    """Archived or not."""
    site.bury(site.submit())
    site.take_up()
    letters = DeadLetters(site.redis, site.settings)

    (letter,) = letters.every()
    assert letters.replay(letter).state is State.QUEUED
