"""The archive of docker-compose.yml: a stack runs without, then it is switched on."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import page
from tests.e2e.stack import API_PORT, Stack, call
from tests.patience import wait_until
from worker import keys

PREDICTIONS = "/v1/predictions"
#: Run in a container that knows Redis: prints how many of a job's records it has.
COUNT = (
    "import os, redis;"
    "print(redis.from_url(os.environ['KERBSIDE_REDIS_URL']).exists('{key}'))"
)


def _priced(site: Stack, token: str, house: dict[str, Any]) -> dict[str, Any]:
    """Have a house priced; return its job."""
    url = site.url(API_PORT) + PREDICTIONS
    job = call(url, token, {"input": house}).body
    return site.ended(f"{url}/{job['id']}", token)


def _asked(site: Stack, token: str, job: dict[str, Any]) -> Any:
    answer = call(f"{site.url(API_PORT)}{PREDICTIONS}/{job['id']}", token)
    return answer.body if answer.status == 200 else answer.status


def _is_in_redis(site: Stack, job: dict[str, Any]) -> bool:
    api = site.containers("api")[0]
    counted = COUNT.format(key=keys.job_key(job["id"]))
    return site.within(api, f'python -c "{counted}"') == "1"


def _rows(site: Stack) -> int:
    told = json.loads(site.kerbside("archive", "status", "--json"))
    count: int = told["tables"]["predictions"]["rows"]
    return count


@pytest.fixture(scope="module")
def early(site: Stack, token: str, house: dict[str, Any]) -> dict[str, Any]:
    """Return a job that ended before there was an archive."""
    return _priced(site, token, house)


def test_without_the_profile_nothing_is_archived(
    site: Stack, token: str, early: dict[str, Any]
) -> None:
    """A stack works without, and says so to who asks for one."""
    with pytest.raises(AssertionError, match="KERBSIDE_ARCHIVE_URL names none"):
        site.kerbside("archive", "status")

    assert early["status"] == "succeeded"
    assert _asked(site, token, early)["expires_at"] is not None
    assert site.containers("postgres") == site.containers("migration") == []


def test_a_migration_that_fails_changes_nothing_and_stops_nobody(
    site: Stack, token: str, house: dict[str, Any]
) -> None:
    """All are told which command helps; prices are answered meanwhile."""
    before = {path.name: path.read_bytes() for path in site.secrets.iterdir()}
    site.write_secrets("--archive", "postgres")
    after = {path.name: path.read_bytes() for path in site.secrets.iterdir()}
    site.compose("up", "--detach", "--wait", "postgres")
    # The last one that is made.
    _sql(site, "CREATE TABLE valuations ()")

    with pytest.raises(AssertionError, match='"migration" didn\'t complete'):
        site.up()
    status = call(f"{site.url(API_PORT)}/v1/properties", token).status

    assert before.items() < after.items()
    assert "rename what is in the way" in site.compose("logs", "migration")
    assert (
        _sql(site, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        == "valuations"
    )
    assert status == 503
    for reader in ("api", "upkeep"):
        wait_until(partial(_says_what_helps, site, reader), f"a word of {reader}")
    assert _priced(site, token, house)["status"] == "succeeded"


def _says_what_helps(site: Stack, service: str) -> bool:
    return "run `kerbside archive migrate`" in site.compose("logs", service)


def test_it_is_switched_on_where_there_was_none(
    site: Stack, token: str, early: dict[str, Any]
) -> None:
    """What was there before is there after; what failed before is mended."""
    _sql(site, "DROP TABLE valuations")

    site.up()

    assert _asked(site, token, early)["output"] == early["output"]
    (migration,) = site.containers("migration")
    assert site.inspect(migration)["State"]["ExitCode"] == 0
    assert call(f"{site.url(API_PORT)}/v1/properties", token).body["results"] == []


def test_a_price_leaves_redis_and_is_still_answered(
    site: Stack, token: str, house: dict[str, Any]
) -> None:
    """PostgreSQL has it, and who asks does not see the difference."""
    before = _rows(site)

    job = _priced(site, token, house)
    wait_until(lambda: not _is_in_redis(site, job), "the end of its window")

    assert _asked(site, token, job) == {**job, "expires_at": None}
    assert _rows(site) == before + 1
    text = site.kerbside("archive", "status")
    assert "kerbside:***@postgres:5432/kerbside" in text


def test_who_has_the_archive_from_its_network_can_do_no_more_than_it_must(
    site: Stack,
) -> None:
    """Its user owns its tables and nothing else of the server."""
    asked = "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication"
    found = _sql(site, f"{asked} FROM pg_roles WHERE rolname = 'kerbside'")
    (container,) = site.containers("postgres")

    assert found == "f"
    assert not any(site.inspect(container)["NetworkSettings"]["Ports"].values())


def _sql(site: Stack, statement: str) -> str:
    words = ("psql", "--username=postgres", "--dbname=kerbside", "-At", "-c", statement)
    return site.compose("exec", "-T", "postgres", *words)


def test_a_backup_brings_back_what_was_lost(
    site: Stack, token: str, house: dict[str, Any], tmp_path: Path
) -> None:
    """With the two lines of the page, as they stand there."""
    job = _priced(site, token, house)
    wait_until(lambda: not _is_in_redis(site, job), "the end of its window")
    rows = _rows(site)
    save, bring_back = page.lines("pg_dump", "pg_restore")

    site.typed(save, tmp_path)
    _sql(site, "TRUNCATE predictions CASCADE")
    lost = _asked(site, token, job)
    site.typed(bring_back, tmp_path)

    assert lost in {404, 410}
    assert _rows(site) == rows
    assert _asked(site, token, job)["id"] == job["id"]


def test_upkeep_and_training_use_it_too(site: Stack) -> None:
    """The one measures prices, the other learns from what houses were sold for."""
    (upkeep,) = site.containers("upkeep")
    report = site.within(upkeep, "python -m model_store accuracy --json")

    assert json.loads(report)["sales"] == 0
    site.compose("run", "--rm", "-T", "training", "kerbside", "archive", "status")
