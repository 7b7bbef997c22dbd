"""The laws of a tenant's list, on a real server."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import redis as redis_py

from worker import keys, ledger, listing, queue
from worker.jobs import Job, State
from worker.leases import Completion
from worker.listing import Cursor, Listing, Page, Wanted

Submit = Callable[..., Job]


@pytest.fixture
def lists(redis: redis_py.Redis) -> Listing:
    """Return what reads the lists of the test's Redis."""
    return Listing(redis)


def test_pages_show_each_job_once_newest_first(lists: Listing, submit: Submit) -> None:
    """Walking there and back meets the same pages."""
    ids = [submit().id for _ in range(7)]
    pages = [lists.page("acme", limit=3)]
    while pages[-1].next:
        pages.append(lists.page("acme", limit=3, cursor=pages[-1].next))
    seen = [job.id for page in pages for job in page.jobs]
    assert sorted(seen) == sorted(ids)
    created = [job.created_ms for page in pages for job in page.jobs]
    assert created == sorted(created, reverse=True)
    assert pages[0].previous is None
    back = lists.page("acme", limit=3, cursor=pages[1].previous, newer=True)
    assert back.jobs == pages[0].jobs
    assert lists.page("other", limit=3) == Page([], None, None)


def test_a_cursor_survives_its_text_form() -> None:
    """What a client hands back is what it was given; anything else is a ValueError."""
    cursor = Cursor(1763812345678, "3c1ab2b4-0000-4000-8000-000000000000")
    assert Cursor.decode(cursor.encode()) == cursor
    for text in ("", "!", "abcd", "bm9jb2xvbg", "MTox", "LTU6eA", "MV8wOng"):
        with pytest.raises(ValueError):  # noqa: PT011 - of several kinds
            Cursor.decode(text)


def test_a_tenants_list_keeps_what_can_be_read_and_drops_the_rest(
    lists: Listing, submit: Submit, redis: redis_py.Redis
) -> None:
    """However old an open job is, it stays; entries without a record go in time."""
    key = keys.tenant_key("acme")
    old = [submit().id for _ in range(3)]
    redis.zadd(key, dict.fromkeys(old, 1))
    redis.zadd(key, {f"gone {number}": 2 for number in range(100)})
    assert redis.ttl(key) > 0
    new = 0
    # Which submits look is not for any client to foresee.
    while redis.zcard(key) > len(old) + new:
        submit()
        new += 1
        assert new < 5000
    assert {job.id for job in lists.page("acme", limit=5000).jobs} >= set(old)


def test_a_page_drops_entries_without_a_record(
    lists: Listing, submit: Submit, redis: redis_py.Redis
) -> None:
    """A page is short once, not for ever."""
    jobs = [submit() for _ in range(3)]
    redis.delete(keys.job_key(jobs[1].id))
    assert len(lists.page("acme", limit=3).jobs) == 2
    assert redis.zcard(keys.tenant_key("acme")) == 2


def test_a_list_can_be_narrowed_to_a_time(
    lists: Listing, submit: Submit, redis: redis_py.Redis
) -> None:
    """From a moment on, that moment included, and before another, both ways."""
    ids = [submit().id for _ in range(6)]
    redis.zadd(keys.tenant_key("acme"), {one: n for n, one in enumerate(ids)})
    wanted = Wanted(since_ms=1, before_ms=5)

    first = lists.page("acme", limit=2, wanted=wanted)
    second = lists.page("acme", limit=2, cursor=first.next, wanted=wanted)
    back = lists.page(
        "acme", limit=2, cursor=second.previous, newer=True, wanted=wanted
    )

    assert _ids(first) == [ids[4], ids[3]]
    assert _ids(second) == [ids[2], ids[1]]
    assert second.next is None
    assert (_ids(back), back.previous) == (_ids(first), None)


def test_a_list_can_be_narrowed_to_states(
    lists: Listing, submit: Submit, front_desk: queue.Queue
) -> None:
    """Pages are full although other jobs lie between, and walk back the same way."""
    ids = [submit().id for _ in range(10)]
    canceled = ids[::2]
    for one in canceled:
        front_desk.cancel("acme", one)
    wanted = Wanted(states=frozenset({State.CANCELED}))

    pages = [lists.page("acme", limit=2, wanted=wanted)]
    while pages[-1].next:
        pages.append(lists.page("acme", limit=2, cursor=pages[-1].next, wanted=wanted))
    back = lists.page(
        "acme", limit=2, cursor=pages[1].previous, newer=True, wanted=wanted
    )

    assert sorted(one for page in pages for one in _ids(page)) == sorted(canceled)
    assert [len(page.jobs) for page in pages] == [2, 2, 1]
    assert _ids(back) == _ids(pages[0])


def test_a_search_for_rare_states_stops_and_leads_on(
    lists: Listing,
    submit: Submit,
    front_desk: queue.Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No page looks at more than so many jobs; a short one says where to go on."""
    monkeypatch.setattr(listing, "_LOOKED_AT", 4)
    monkeypatch.setattr(listing, "_AT_A_TIME", 2)
    rare = submit().id
    for _ in range(9):
        submit()
    front_desk.cancel("acme", rare)
    wanted = Wanted(states=frozenset({State.CANCELED}))

    pages = [lists.page("acme", limit=5, wanted=wanted)]
    while pages[-1].next and len(pages) < 10:
        pages.append(lists.page("acme", limit=5, cursor=pages[-1].next, wanted=wanted))

    assert sorted(len(page.jobs) for page in pages) == [0, 0, 1]


@pytest.mark.parametrize("newer", [False, True])
def test_a_walk_that_drops_old_entries_passes_over_no_others(
    lists: Listing,
    submit: Submit,
    front_desk: queue.Queue,
    redis: redis_py.Redis,
    monkeypatch: pytest.MonkeyPatch,
    *,
    newer: bool,
) -> None:
    """Dead letters outlive their neighbours: what is gone leaves no hole in a page."""
    monkeypatch.setattr(listing, "_AT_A_TIME", 4)
    ids = [submit().id for _ in range(24)]
    redis.zadd(keys.tenant_key("acme"), {one: n + 1 for n, one in enumerate(ids)})
    kept = [one for n, one in enumerate(ids) if n % 8 < 4]
    for one in kept:
        front_desk.cancel("acme", one)
    redis.delete(*(keys.job_key(one) for one in set(ids) - set(kept)))
    wanted = Wanted(states=frozenset({State.CANCELED}))

    start = Cursor(0, ids[0]) if newer else None
    page = lists.page("acme", limit=50, cursor=start, newer=newer, wanted=wanted)

    assert sorted(_ids(page)) == sorted(kept)


def test_a_walk_shows_no_job_twice_when_others_come_meanwhile(
    lists: Listing,
    submit: Submit,
    front_desk: queue.Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It goes on from the last job that it saw."""
    monkeypatch.setattr(listing, "_AT_A_TIME", 2)
    for _ in range(8):
        front_desk.cancel("acme", submit().id)
    in_state = Listing._in_state  # noqa: SLF001 - between its two looks

    def and_others_come(self: Listing, *args: Any) -> list[Cursor]:
        submit()
        return in_state(self, *args)

    monkeypatch.setattr(Listing, "_in_state", and_others_come)
    page = lists.page(
        "acme", limit=8, wanted=Wanted(states=frozenset({State.CANCELED}))
    )

    assert len(set(_ids(page))) == len(page.jobs) == 8


def test_many_jobs_of_one_millisecond_are_all_shown(
    lists: Listing, submit: Submit, redis: redis_py.Redis
) -> None:
    """The id decides between them, page by page."""
    ids = [submit().id for _ in range(9)]
    redis.zadd(keys.tenant_key("acme"), dict.fromkeys(ids, 5))

    pages = [lists.page("acme", limit=2)]
    while pages[-1].next:
        pages.append(lists.page("acme", limit=2, cursor=pages[-1].next))

    assert [one for page in pages for one in _ids(page)] == sorted(ids, reverse=True)


def test_a_job_that_moved_on_is_not_shown_in_its_old_state(
    lists: Listing,
    submit: Submit,
    book: ledger.Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between the look at its state and the reading of its record it may end."""
    submit()
    from_record = Job.from_record

    def ended_meanwhile(job_id: str, record: Mapping[bytes, bytes]) -> Job:
        leases = book.claim(keys.PREDICTIONS, limit=1, worker="w").leases
        done = [Completion(lease=one, output=b"{}") for one in leases]
        book.complete(keys.PREDICTIONS, done)
        return from_record(job_id, {**record, b"state": b"succeeded"})

    monkeypatch.setattr(Job, "from_record", ended_meanwhile)

    page = lists.page("acme", limit=5, wanted=Wanted(states=frozenset({State.QUEUED})))

    assert page == Page([], None, None)


def _ids(page: Page) -> list[str]:
    return [job.id for job in page.jobs]
