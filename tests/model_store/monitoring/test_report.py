"""The report tells of every version what sales say, and what is watched of that."""

import datetime as dt
from typing import Any

import pytest

from model_store.archive.archive import Archive
from model_store.card import ModelCard
from model_store.errors import UnknownModel
from model_store.monitoring import report
from model_store.store import ModelStore
from tests.model_store.monitoring.sold import sold


def no_card(version: str) -> ModelCard:
    """Know no version."""
    raise UnknownModel(f"no model version {version!r}")


def state_of(made: dict[str, Any]) -> dict[str, str]:
    """Return the state of each version."""
    return {one["version"]: one["state"] for one in made["versions"]}


def test_without_sales_there_is_a_report_that_says_so(archive: Archive) -> None:
    """With no version and no row."""
    made = report.make(archive, no_card)

    assert (made["sales"], made["hit_rate"], made["from"]) == (0, None, None)
    assert made["versions"] == []
    assert made["rows"] == {"month": {"": []}, "week": {"": []}}


def test_versions_are_told_apart(any_archive: Archive) -> None:
    """One that is 10 % low is degraded, by its bias alone; the other is not."""
    sold(any_archive, [0.9, 0.905] * 30, version="low")
    sold(any_archive, [0.99, 1.01] * 30, version="right", start=100)

    made = report.make(any_archive, no_card)

    assert state_of(made) == {"low": "degraded", "right": "ok"}
    low = made["versions"][0]
    assert low["median_bias"] == -9.75
    (worse,) = [one for one in low["alarms"] if one["state"] == "degraded"]
    assert (worse["measure"], worse["tolerance"]) == ("bias", -3.0)
    assert (worse["value"], worse["outcomes"]) == (-9.75, 60)
    assert worse["began_about"] == "2026-03-02"
    assert low["since"] == worse["since"] > "2026-03-02"


def test_a_version_is_held_to_what_its_card_says(
    archive: Archive, store: ModelStore
) -> None:
    """Its test error, and the categories of its houses."""
    champion = store.resolve("champion")
    sold(archive, [0.9, 1.1] * 20, version=champion)

    made = report.make(archive, store.card)

    (one,) = made["versions"]
    assert one["expected_mdape"] == store.card(champion).metrics["mdape"]
    assert made["segments"] == ["price_quintile", "zipcode"]
    assert [row["group"] for row in made["rows"]["month"]["zipcode"]] == ["98103"] * 2


def test_what_a_version_had_learnt_does_not_judge_it(
    archive: Archive, store: ModelStore
) -> None:
    """A sale that was told late may have been in the table that it was made from."""
    card = store.card(store.resolve("champion"))
    sold(archive, [1.0] * 40, version=card.version, first=card.as_of)

    made = report.make(archive, store.card)

    # Four a day: those of the last day that it knows are left out.
    assert (made["sales"], made["priced"], made["hit_rate"]) == (36, 36, 100.0)
    assert made["from"] == str(card.as_of + dt.timedelta(days=1))


def test_the_hit_rate_counts_sales_without_a_price(archive: Archive) -> None:
    """By period; a month in which nothing was priced has a row as well."""
    sold(archive, [1.0] * 30)
    sold(archive, [1.0] * 10, start=100, is_priced=False)
    sold(archive, [1.0], start=200, is_priced=False, first=dt.date(2026, 5, 1))

    made = report.make(archive, no_card)

    together = [row for row in made["rows"]["month"][""] if row["version"] is None]
    assert [(row["from"], row["sales"], row["hit_rate"]) for row in together] == [
        ("2026-03-01", 40, 75.0),
        ("2026-05-01", 1, 0.0),
    ]
    assert (made["sales"], made["priced"], made["hit_rate"]) == (41, 30, 73.17)


def test_sales_long_before_the_newest_one_are_not_looked_at(archive: Archive) -> None:
    """Two years are enough, and bound what is read."""
    sold(archive, [1.0] * 4, first=dt.date(2023, 1, 1))
    sold(archive, [1.0] * 8, start=100)

    assert report.make(archive, no_card)["sales"] == 8


def test_an_alarm_is_noticed_once(archive: Archive) -> None:
    """When it is new; the next report, with more sales, keeps the time."""
    sold(archive, [0.9] * 60)
    first = report.standing(report.make(archive, no_card), None, now_ms=1000)
    sold(archive, [0.9] * 60, start=100)

    second = report.standing(report.make(archive, no_card), first, now_ms=2000)

    for standing in (first, second):
        (alarm,) = standing["versions"]["v1"]["alarms"]
        assert alarm["noticed_ms"] == 1000
    assert second["newest_sale"] == "2026-03-16"
    assert second["hit_rate"] == 100.0


def test_an_alarm_that_ended_and_came_again_is_noticed_again(archive: Archive) -> None:
    """For that is a change."""
    sold(archive, [0.9] * 60)
    raised = report.standing(report.make(archive, no_card), None, now_ms=1000)
    sold(archive, [1.0] * 400, start=100, first=dt.date(2026, 4, 1))
    ended = report.standing(report.make(archive, no_card), raised, now_ms=2000)
    sold(archive, [0.9] * 60, start=1000, first=dt.date(2026, 8, 1))
    again = report.standing(report.make(archive, no_card), ended, now_ms=3000)

    assert ended["versions"]["v1"]["state"] == "ok"
    (alarm,) = again["versions"]["v1"]["alarms"]
    assert alarm["noticed_ms"] == 3000


@pytest.mark.parametrize("recent", [25, 5])
def test_what_is_told_of_now_rests_on_the_last_four_weeks(
    archive: Archive, recent: int
) -> None:
    """And is left out where they have too few sales."""
    sold(archive, [1.0] * 40, first=dt.date(2026, 1, 1))
    sold(archive, [1.1] * recent, start=100, first=dt.date(2026, 3, 2))

    made = report.make(archive, no_card)

    now = report.standing(made, None, now_ms=0)["versions"]["v1"]["now"]
    assert now["n"] == recent
    assert now.get("median_bias") == (10.0 if recent == 25 else None)
