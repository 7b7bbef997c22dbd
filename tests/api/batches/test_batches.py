"""/v1/batches: submit, look, cancel, list, delete."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from api.app import create_app
from api.settings import ApiSettings
from model_store.store import ModelStore
from tests.api.batches.bodies import (
    NDJSON,
    PATH,
    House,
    Post,
    Work,
    files_of,
    lines,
    read,
    rows,
)
from tests.api.conftest import Client, Headers, MakeHeaders, assert_problem
from worker.keys import BATCHES, batch_key, job_key
from worker.ledger import Ledger
from worker.totals import Totals


def test_a_batch_is_taken_at_once_and_priced_chunk_by_chunk(
    post: Post, get: Any, work: Work, house: House
) -> None:
    """202 with a place to ask; counts grow with each chunk, and the end has a time."""
    answer = post(lines(*rows(house, 5)))

    assert answer.status_code == 202, answer.data
    batch = answer.json
    assert answer.headers["Location"] == batch["urls"]["get"]
    assert batch["request_counts"] == {"total": 5, "completed": 0, "failed": 0}
    assert (batch["status"], batch["expires_at"]) == ("queued", None)
    work(1)
    half = get(batch)
    assert half.json["status"] == "in_progress"
    assert half.json["request_counts"]["completed"] == 2
    assert half.headers["Retry-After"]
    assert work() == 2
    done = get(batch)
    assert done.json["status"] == "completed"
    assert done.json["request_counts"] == {"total": 5, "completed": 5, "failed": 0}
    assert done.json["completed_at"] < done.json["expires_at"]
    assert "Retry-After" not in done.headers


def test_a_key_makes_one_batch(
    post: Post, api_settings: ApiSettings, house: House, redis: redis_py.Redis
) -> None:
    """A repeat is answered with the first; another body under its name is refused."""
    body = lines(*rows(house, 3))
    first = post(body, Idempotency_Key="k-1")
    again = post(body, Idempotency_Key="k-1")

    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json["id"] == first.json["id"]
    assert redis.llen(BATCHES) == 2
    problem = assert_problem(
        post(body + "\n", Idempotency_Key="k-1"), 422, "idempotency-key-reused"
    )
    assert problem["batch"] == first.json["id"]
    assert files_of(api_settings) == [first.json["id"]]


def test_labels_and_version_come_back(post: Post, store: ModelStore) -> None:
    """They are said in the query, for a table has no place for them."""
    version = store.resolve("champion")
    batch = post(b"{}", query=f'?version={version}&metadata={{"a":"b"}}').json

    assert (batch["version"], batch["metadata"]) == (version, {"a": "b"})
    assert_problem(post(b"{}", query="?metadata={"), 400, "malformed-parameter")
    assert_problem(post(b"{}", query='?metadata={"a":1}'), 422, "invalid-submission")
    assert_problem(post(b"{}", query="?version=none"), 404, "unknown-model-version")
    assert_problem(post(b"{}", query="?other=x"), 400, "malformed-parameter")


def test_a_canceled_batch_keeps_the_prices_that_it_has(
    client: Client, caller: Headers, post: Post, get: Any, work: Work, house: House
) -> None:
    """Nothing more is priced, and canceling again changes nothing."""
    batch = post(lines(*rows(house, 5))).json
    work(1)

    for _ in range(2):
        answer = client.post(f"{PATH}/{batch['id']}/cancel", headers=caller)
        assert answer.json["status"] == "canceled"
        assert answer.json["completed_at"]
    assert work() == 0
    assert len(read(get(batch, "/results"))) == 2
    assert read(get(batch, "/errors")) == []


def test_rate_and_end_are_told_from_the_first_chunk_on(
    post: Post, get: Any, work: Work, redis: redis_py.Redis, house: House
) -> None:
    """As of the chunk that ended last, so that nothing changes between two of them."""
    batch = post(lines(*rows(house, 5))).json
    assert (batch["rows_per_s"], batch["estimated_end"]) == (None, None)
    work(1)
    began = int(redis.hget(batch_key(batch["id"]), "started") or 0)
    redis.hset(batch_key(batch["id"]), "settled", began + 4000)

    half = get(batch).json

    assert half["rows_per_s"] == 0.5
    end = datetime.fromisoformat(half["estimated_end"]).timestamp() * 1000
    assert round(end) == began + 4000 + 6000
    work()
    assert get(batch).json["estimated_end"] is None


def test_a_batch_that_is_late_expires(
    post: Post, get: Any, work: Work, book: Ledger, redis: redis_py.Redis, house: House
) -> None:
    """What has prices keeps them; nothing else is priced."""
    batch = post(lines(*rows(house, 5)), query="?deadline=3600").json
    assert batch["deadline_at"] > batch["created_at"]
    work(1)
    late: Any = redis.zrange("kerbside:deadlines:batches", 0, -1)
    redis.zadd("kerbside:deadlines:batches", dict.fromkeys(late, 1))
    book.reap(BATCHES)

    done = get(batch).json
    assert (done["status"], done["request_counts"]["completed"]) == ("expired", 2)
    assert done["completed_at"]
    assert work() == 0
    assert len(read(get(batch, "/results"))) == 2


def test_too_many_errors_stop_the_rest(
    post: Post, get: Any, work: Work, house: House
) -> None:
    """As many as the client bears do not."""
    bad = lines(*rows(house, 5, bedrooms="x"))
    borne = post(bad, query="?error_threshold=5").json
    work()
    whole = get(borne).json
    assert (whole["status"], whole["failed_because"]) == ("completed", None)

    stopped = post(bad, query="?error_threshold=2").json
    assert work() == 2

    last = post(bad, query="?error_threshold=4").json
    work()
    assert get(last).json["status"] == "failed"
    done = get(stopped).json
    assert (done["status"], done["error_threshold"]) == ("failed", 2)
    assert done["failed_because"] == "error_threshold"
    assert done["request_counts"] == {"total": 5, "completed": 0, "failed": 4}
    assert len(read(get(stopped, "/errors"))) == 4


def test_the_death_of_a_chunk_may_stop_others_that_lost_their_worker(
    post: Post, get: Any, book: Ledger, redis: redis_py.Redis, house: House
) -> None:
    """They do not come back."""
    batch = post(lines(*rows(house, 6)), query="?error_threshold=0").json
    for _ in range(3):
        book.claim(BATCHES, limit=1, worker="dies")
    ids = [f"{batch['id']}-{number}" for number in (1, 2, 3)]
    redis.hset(job_key(ids[1]), "crashes", 2)
    redis.zadd("kerbside:running:batches", dict.fromkeys(ids, 1))
    book.reap(BATCHES)

    assert get(batch).json["status"] == "failed"
    assert redis.llen(BATCHES) == 0
    assert not redis.exists("kerbside:running:batches", "kerbside:waiting:batches")


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("deadline=soon", "malformed-parameter"),
        ("deadline=null", "malformed-parameter"),
        ("deadline=0", "invalid-submission"),
        ("deadline=1e9", "invalid-submission"),
        ("error_threshold=-1", "invalid-submission"),
        ("error_threshold=1.5", "invalid-submission"),
        ("webhook=x", "invalid-submission"),
        ("webhook=http://127.0.0.1/", "invalid-submission"),
    ],
)
@pytest.mark.usefixtures("nothing_queued")
def test_what_is_said_beside_the_rows_is_checked(
    post: Post, query: str, slug: str
) -> None:
    """By name, with what was expected."""
    status = 400 if slug == "malformed-parameter" else 422
    told = assert_problem(post(b"{}", query=f"?{query}"), status, slug)

    assert query.partition("=")[0] in json.dumps(told)


def test_a_deleted_batch_leaves_nothing(
    client: Client,
    caller: Headers,
    post: Post,
    work: Work,
    api_settings: ApiSettings,
    redis: redis_py.Redis,
    house: House,
) -> None:
    """Neither files nor a record; its chunks are no strays."""
    batch = post(lines(*rows(house, 5))).json
    work(1)

    assert client.delete(f"{PATH}/{batch['id']}", headers=caller).status_code == 204
    assert_problem(
        client.delete(f"{PATH}/{batch['id']}", headers=caller), 404, "unknown-batch"
    )
    assert files_of(api_settings) == []
    assert not redis.exists(batch_key(batch["id"]), job_key(f"{batch['id']}-1"))
    assert work() == 0
    assert redis.llen("kerbside:strays:batches") == 0


def test_batches_are_listed_newest_first(
    client: Client, caller: Headers, bearer: MakeHeaders, post: Post
) -> None:
    """In pages; those of others are not among them, nor can they be read."""
    ids = [post(b"{}").json["id"] for _ in range(3)]

    page = client.get(f"{PATH}?limit=2", headers=caller).json
    rest = client.get(page["next"].partition("org")[2], headers=caller).json

    found = [one["id"] for one in page["results"] + rest["results"]]
    assert sorted(found) == sorted(ids)
    assert rest["next"] is None
    stranger = bearer(tenant="other")
    assert client.get(PATH, headers=stranger).json["results"] == []
    for way in (client.get, client.delete):
        answer = way(f"{PATH}/{ids[0]}", headers=stranger)
        assert_problem(answer, 404, "unknown-batch")


def test_a_tenant_has_so_much_open_at_a_time(
    post: Post, work: Work, shared: Any, house: House
) -> None:
    """Another batch is taken when some of it has ended."""
    batches = shared.batches
    batches._admission._quota = 2  # noqa: SLF001 - a quota of 500 takes a while to fill
    post(lines(*rows(house, 3)))

    answer = post(lines(*rows(house, 1)))

    problem = assert_problem(answer, 429, "open-batches-quota")
    assert problem["detail"].startswith("Your batches may have 2 chunks open, and have")
    work()
    assert post(lines(*rows(house, 1))).status_code == 202


@pytest.mark.usefixtures("nothing_queued")
def test_without_a_place_for_files_no_batch_is_taken(
    api_settings: ApiSettings, caller: Headers
) -> None:
    """Its operator is told what to set."""
    app = create_app(api_settings.model_copy(update={"batches_url": None}))
    answer = app.test_client().post(
        PATH, data=b"{}", headers=caller, content_type=NDJSON
    )

    assert "KERBSIDE_BATCHES_URL" in assert_problem(answer, 503, "no-batches")["detail"]


def test_files_that_cannot_be_written_are_no_fault_of_the_client(
    post: Post, api_settings: ApiSettings, redis: redis_py.Redis
) -> None:
    """503, and nothing is queued; operators see it counted."""
    Path(str(api_settings.batches_url)).write_text("in the way")

    assert_problem(post(b"{}"), 503, "batch-files-unavailable")
    assert redis.llen(BATCHES) == 0
    assert Totals(redis).batches().out_of_reach == 1


def test_scopes(client: Client, bearer: MakeHeaders) -> None:
    """Who may read may not submit."""
    reader = bearer(scopes="read")
    answer = client.post(PATH, data=b"{}", headers=reader, content_type=NDJSON)

    assert_problem(answer, 403, "missing-scope")
    assert_problem(
        client.get(PATH, headers=bearer(scopes="predict")), 403, "missing-scope"
    )
