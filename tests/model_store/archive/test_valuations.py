"""Valuations are kept once each, newest first, of properties that there are."""

import threading
from dataclasses import replace

from sqlalchemy import select

from model_store.archive import tables
from model_store.archive.archive import Archive
from tests.model_store.archive.rows import OUTPUT, a_property, valuation


def test_valuations_come_newest_first_page_by_page(any_archive: Archive) -> None:
    """Those of one instant too."""
    made = [valuation("a", number) for number in range(5)]
    twin = replace(made[2], source_id="z")
    any_archive.properties.store([a_property("a")], [*made, twin])

    first = any_archive.valuations.page("acme", "a", limit=2)
    last = first[-1]
    rest = any_archive.valuations.page(
        "acme", "a", limit=9, before=(last.valued_ms, last.source_id)
    )

    assert [*first, *rest] == [made[4], made[3], twin, *made[2::-1]]
    assert any_archive.valuations.page("other", "a", limit=9) == []


def test_of_one_source_the_last_valuation_counts(any_archive: Archive) -> None:
    """Whoever stores it twice stores it once."""
    given = valuation("a")
    later = replace(given, valued_ms=given.valued_ms + 1, version="v2")
    any_archive.properties.put([a_property("a")])

    counts = [any_archive.valuations.record([one]) for one in (given, later, given)]

    assert counts == [1, 1, 1]
    assert any_archive.valuations.page("acme", "a", limit=9) == [later]


def test_what_was_quoted_is_there_for_those_who_compare(any_archive: Archive) -> None:
    """Beside the answer itself."""
    any_archive.properties.store([a_property("a")], [valuation("a")])

    columns = (tables.valuations.c[name] for name in ("price", "low", "high"))
    with any_archive.database.reading() as connection:
        row = connection.execute(select(*columns, tables.valuations.c.output)).one()

    assert row == (500_000, 400_000, 625_000, OUTPUT.decode())


def test_nothing_is_kept_of_a_property_that_is_gone(any_archive: Archive) -> None:
    """A price that was in the making when it was erased does not come back."""
    any_archive.properties.put([a_property("a")])
    theirs = valuation("a", tenant="other")

    kept = any_archive.valuations.record([valuation("b"), valuation("a"), theirs])

    assert kept == 1
    assert any_archive.valuations.page("acme", "b", limit=9) == []
    assert any_archive.valuations.page("other", "a", limit=9) == []


def test_a_property_that_is_erased_meanwhile_leaves_nothing(
    any_archive: Archive,
) -> None:
    """Whoever comes first, the eraser or who writes a valuation."""
    for number in range(20):
        any_archive.properties.put([a_property("a")])
        given = [valuation("a", number)]
        writer = threading.Thread(target=any_archive.valuations.record, args=(given,))
        writer.start()
        any_archive.properties.delete("acme", "a")
        writer.join()

        assert any_archive.valuations.page("acme", "a", limit=9) == []
