"""The laws of a tenant's list that goes on from Redis into the archive."""

from itertools import pairwise

import pytest

from model_store.errors import ArchiveUnavailable
from tests.worker.archive.site import Site
from worker import archived
from worker.jobs import Job, State
from worker.listing import Cursor, Listing, Page, Wanted


@pytest.fixture
def lists(site: Site) -> Listing:
    """Return what reads the lists of the installation."""
    return Listing(site.redis, archived.of(site.settings))


@pytest.fixture
def jobs(site: Site) -> list[Job]:
    """Return jobs, the newest first: open ones, ended ones, and those that have left.

    The oldest and one in the middle wait; of the ended ones every other has left Redis.
    """
    waiting = [site.submit()]
    site.book.claim("predictions", limit=1, worker="other")
    ended = []
    for number in range(8):
        ended.append(site.fail() if number % 3 == 0 else site.price())
        if number == 4:
            waiting.append(site.submit())
            site.book.claim("predictions", limit=1, worker="other")
    site.take_up()
    for job in ended[::2]:
        site.lapse(job)
    now = [site.queue.find("acme", job.id) for job in (*waiting, *ended)]
    return sorted(now, key=lambda job: (job.created_ms, job.id), reverse=True)


def _walked(lists: Listing, limit: int, wanted: Wanted = Wanted()) -> list[Page]:  # noqa: B008 - frozen
    pages = [lists.page("acme", limit=limit, wanted=wanted)]
    while pages[-1].next:
        cursor = pages[-1].next
        pages.append(lists.page("acme", limit=limit, cursor=cursor, wanted=wanted))
    return pages


def _seen(pages: list[Page]) -> list[Job]:
    return [job for page in pages for job in page.jobs]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_go_on_into_the_archive(
    lists: Listing, jobs: list[Job], limit: int
) -> None:
    """Each job once, newest first, wherever it is, there and back."""
    pages = _walked(lists, limit)

    assert _seen(pages) == jobs
    assert [len(page.jobs) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    for before, after in pairwise(pages):
        back = lists.page("acme", limit=limit, cursor=after.previous, newer=True)
        assert back.jobs == before.jobs


@pytest.mark.parametrize("state", list(State))
def test_filters_hold_in_both(lists: Listing, jobs: list[Job], state: State) -> None:
    """A state, and a time."""
    wanted = [job for job in jobs if job.state is state]
    chosen = Wanted(states=frozenset({state}))
    assert _seen(_walked(lists, 2, chosen)) == wanted

    middle = jobs[5].created_ms
    late = Wanted(since_ms=middle)
    assert _seen(_walked(lists, 2, late)) == [
        job for job in jobs if job.created_ms >= middle
    ]
    early = Wanted(before_ms=middle)
    assert _seen(_walked(lists, 2, early)) == [
        job for job in jobs if job.created_ms < middle
    ]


def test_another_tenants_jobs_are_not_shown(lists: Listing, jobs: list[Job]) -> None:
    """Of neither."""
    assert jobs
    assert lists.page("other", limit=10) == Page([], None, None)


def test_a_retried_job_is_shown_as_it_is_now(site: Site, lists: Listing) -> None:
    """What the archive says of it is of yesterday."""
    job = site.fail()
    site.lapse(job)
    site.queue.retry("acme", job.id)

    (shown,) = lists.page("acme", limit=10).jobs
    assert shown.state is State.QUEUED
    failed = Wanted(states=frozenset({State.FAILED}))
    assert lists.page("acme", limit=10, wanted=failed).jobs == []


def test_a_deleted_job_is_not_shown(site: Site, lists: Listing) -> None:
    """Although the archive has not heard of it yet."""
    job = site.price()
    site.lapse(job)
    site.queue.delete("acme", job.id)
    assert site.archive.predictions.get(job.id)

    assert lists.page("acme", limit=10).jobs == []


def test_an_archive_that_is_away_makes_no_short_list(site: Site) -> None:
    """A page that left out what is there would be a lie."""
    site.price()
    changes = {"archive_url": "sqlite:////nowhere/archive.db"}
    settings = site.settings.model_copy(update=changes)

    with pytest.raises(ArchiveUnavailable):
        Listing(site.redis, archived.of(settings)).page("acme", limit=10)


def test_a_walk_is_not_disturbed_by_what_leaves_meanwhile(
    site: Site, lists: Listing
) -> None:
    """What was in Redis at one page and is in the archive at the next is shown once."""
    made = [site.price() for _ in range(6)][::-1]
    first = lists.page("acme", limit=3)
    for job in made:
        site.lapse(job)
    assert first.next

    rest = lists.page("acme", limit=3, cursor=Cursor.decode(first.next.encode()))

    shown = [job.id for job in (*first.jobs, *rest.jobs)]
    in_order = sorted(made, key=lambda job: (job.created_ms, job.id), reverse=True)
    assert shown == [job.id for job in in_order]
