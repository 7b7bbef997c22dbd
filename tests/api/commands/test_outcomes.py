"""Laws of `kerbside outcomes`."""

import csv
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli import main
from api.settings import ApiSettings
from model_store.archive.archive import Archive
from tests.api.commands.conftest import House
from tests.api.conftest import Headers
from tests.model_store.archive.rows import prediction

Add = Callable[..., Result]
Run = Callable[..., Result]


@pytest.fixture
def run(url: str, caller: Headers, tmp_path: Path) -> Run:
    """Return a function that runs a command of the group."""
    token = caller["Authorization"].removeprefix("Bearer ")
    settings = {"KERBSIDE_URL": url, "KERBSIDE_API_KEY": token}
    settings["KERBSIDE_STATE_DIR"] = str(tmp_path / "state")

    def run(verb: str, *words: object, stdin: str | None = None) -> Result:
        typed = ["outcomes", verb, "--timeout", "5", *map(str, words)]
        return CliRunner().invoke(
            main, typed, input=stdin, env=settings, prog_name="kerbside"
        )

    return run


@pytest.fixture
def add(run: Run) -> Add:
    """Return a function that tells a file."""
    return partial(run, "add")


@pytest.fixture
def ids(archive: Archive) -> list[str]:
    """Archive predictions of the caller; return their ids."""
    made = [prediction(at) for at in range(501)]
    archive.predictions.upsert(made)
    return [one.id for one in made]


def _lines(ids: list[str], **more: object) -> str:
    sale = {"price": 612000, "sold_on": "2026-01-31", **more}
    return "".join(json.dumps({"prediction_id": id_, **sale}) + "\n" for id_ in ids)


class TestWithAnArchive:
    """Of an API that keeps sales."""

    @pytest.fixture
    def api_settings(self, api_settings: ApiSettings, archive: Archive) -> ApiSettings:
        """Return settings of an API with an archive."""
        return api_settings.model_copy(update={"archive_url": archive.database.place})

    def test_all_sales_are_told_and_counted(
        self, add: Add, ids: list[str], archive: Archive
    ) -> None:
        """In as many requests as it takes; again, they are known."""
        done = add("-", stdin=_lines(ids))
        again = add("-", "--json", stdin=_lines(ids[:499], price=1) + _lines(ids[499:]))

        assert done.exit_code == 0, done.stderr
        assert "Sales told: 501 (501 new" in done.stdout
        told = {"sales": 501, "new": 0, "correction": 499, "known": 2}
        assert json.loads(again.stdout) == told
        assert sum(archive.outcomes.days().values()) == 501

    def test_a_table_of_houses_is_told(
        self, add: Add, house: House, tmp_path: Path
    ) -> None:
        """Its columns are the features of the champion."""
        path = tmp_path / "sales.csv"
        row = {"price": 612000, "sold_on": "2026-01-31", **house}
        with path.open("w", newline="") as file:
            table = csv.DictWriter(file, list(row))
            table.writeheader()
            table.writerow(row)

        done = add(path)

        assert done.exit_code == 0, done.stderr
        assert "Sales told: 1 (1 new" in done.stdout

    def test_each_wrong_sale_is_told_with_its_line(
        self, add: Add, ids: list[str], archive: Archive
    ) -> None:
        """What was told before is said; nothing of the request is."""
        wrong = _lines(ids[500:], price="dear") + _lines(ids[:1], sold_on="2026-02-30")

        done = add("-", stdin=_lines(ids[:500]) + wrong)

        assert (done.exit_code, done.stdout) == (18, "")
        assert "-, line 501, price: Expected" in done.stderr
        assert "-, line 502, sold_on: Expected a day that there is" in done.stderr
        assert "500 of 502 sales are told. Mend these" in done.stderr
        assert sum(archive.outcomes.days().values()) == 500

    def test_sales_are_withdrawn_by_their_ids(
        self, add: Add, run: Run, ids: list[str], archive: Archive
    ) -> None:
        """Also where others are not known, which are told."""
        add("-", stdin=_lines(ids[:3]))
        known = [one.outcome.subject for one in archive.outcomes.page("acme", limit=3)]

        some = run("withdraw", known[0], "out_nobodys", known[1])
        again = run("withdraw", *known[:2])
        told = run("withdraw", "--json", known[0], "out_nobodys")

        assert (some.exit_code, some.stdout) == (18, "")
        assert "no sale of these ids: out_nobodys" in some.stderr
        assert "2 of 3 sales are withdrawn" in some.stderr
        assert (again.exit_code, again.stdout) == (0, "Sales withdrawn: 2.\n")
        lists = {"withdrawn": [known[0]], "unknown": ["out_nobodys"]}
        assert (told.exit_code, json.loads(told.stdout)) == (18, lists)
        assert sum(archive.outcomes.days().values()) == 1

    def test_another_file_is_wrong_usage(self, add: Add) -> None:
        """And says its line."""
        done = add("-", stdin="price,sold_on,street\n1,2,3\n")

        assert done.exit_code == 2
        assert "line 1: no column of a sale: 'street'" in done.stderr

    def test_a_key_that_may_not_is_told(self, add: Add) -> None:
        """By an exit code of its own."""
        done = add("-", "--key", "kb_nobody_knows", stdin=_lines(["p1"]))

        assert done.exit_code == 13


def test_without_an_archive_it_says_so(add: Add) -> None:
    """Once it is sure."""
    done = add("--timeout", "1", "-", stdin=_lines(["p1"]))

    assert done.exit_code == 17
    assert "KERBSIDE_ARCHIVE_URL" in done.stderr
