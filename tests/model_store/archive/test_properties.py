"""A property is its tenant's, and is read with the newest of its valuations."""

import threading
from dataclasses import replace

from model_store.archive.archive import Archive
from model_store.archive.outcome import Outcome
from model_store.archive.property import Valued
from tests.model_store.archive.rows import DAY, a_property, valuation

_ANOTHER = b'{"rooms":4,"zip":"98103"}'


def test_a_property_comes_back_as_it_went_in(any_archive: Archive) -> None:
    """With the newest of its valuations, and none where it has none."""
    given = a_property("a", max_age_s=60, metadata=b'{"of":"me"}')
    last = valuation("a", 2)

    assert any_archive.properties.put([given, a_property("b")]) == {"a", "b"}
    any_archive.valuations.record([last, valuation("a", 1)])

    find = any_archive.properties.find
    assert find("acme", "a") == Valued(given, last)
    assert find("acme", "b") == Valued(a_property("b"), None)
    assert find("acme", "c") is None
    assert find("other", "a") is None


def test_properties_are_written_with_their_valuations(any_archive: Archive) -> None:
    """All or none, twice is once, and those that were there are told from new ones."""
    rows, prices = [a_property("b"), a_property("a")], [valuation("a"), valuation("b")]

    assert any_archive.properties.store(rows, prices) == {"a", "b"}
    assert any_archive.properties.store([*rows, a_property("c")], prices) == {"c"}

    shown = any_archive.properties.page("acme", limit=9)
    assert [one.property.id for one in shown] == ["a", "b", "c"]
    assert [one.valuation for one in shown] == [*prices, None]
    assert len(any_archive.valuations.page("acme", "a", limit=9)) == 1


def test_a_property_keeps_the_instant_it_was_made_at(any_archive: Archive) -> None:
    """What was told later takes its place, and never what was told before."""
    first, later = a_property("a"), a_property("a", input=_ANOTHER, updated_ms=2000)
    any_archive.properties.put([first])
    any_archive.properties.put([replace(later, created_ms=2000)])
    any_archive.properties.put([first])

    found = any_archive.properties.find("acme", "a")
    assert found
    assert found.property == later
    assert found.property.input_digest != first.input_digest


def test_one_of_those_who_change_a_property_at_once_does(any_archive: Archive) -> None:
    """The others are told that it is another one now."""
    first = a_property("a")
    assert any_archive.properties.replace(first, None)
    assert not any_archive.properties.replace(first, None)
    given = [replace(first, updated_ms=2000 + each) for each in range(5)]
    done: list[bool] = []

    def change(number: int) -> None:
        done.append(any_archive.properties.replace(given[number], first))

    threads = [threading.Thread(target=change, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == [False, False, False, False, True]


def test_some_are_looked_up_by_their_ids(any_archive: Archive) -> None:
    """Those of their tenant that there are."""
    rows = [a_property(which) for which in "abc"]
    any_archive.properties.put(rows)
    any_archive.properties.put([a_property("d", tenant="other")])

    found = any_archive.properties.by_ids("acme", ["c", "a", "d"])

    assert found == {"a": rows[0], "c": rows[2]}


def test_pages_go_on_after_an_id(any_archive: Archive) -> None:
    """A client's own, and those that a model values."""
    rows = [a_property(which) for which in "abcde"]
    any_archive.properties.put([*rows, a_property("f", model="flats")])
    any_archive.properties.put([a_property("a", tenant="other")])

    page = any_archive.properties.page("acme", limit=2, after="b")
    assert [one.property.id for one in page] == ["c", "d"]
    after = any_archive.properties.after
    assert after("acme", "houses", "", 3) == rows[:3]
    assert after("acme", "houses", "c", 9) == rows[3:]


def test_it_knows_who_has_properties_of_a_model(any_archive: Archive) -> None:
    """Each once, in order."""
    tenants = any_archive.properties.tenants
    assert tenants("houses") == []
    for tenant in ("other", "acme"):
        any_archive.properties.put([a_property(one, tenant=tenant) for one in "ab"])
    any_archive.properties.put([a_property("c", tenant="third", model="flats")])

    assert tenants("houses") == ["acme", "other"]
    assert tenants("flats") == ["third"]


def test_who_erases_a_property_erases_all_that_is_known_of_it(
    any_archive: Archive,
) -> None:
    """And of another tenant's with its id nothing."""
    theirs = a_property("a", tenant="other")
    for tenant in ("acme", "other"):
        its = [a_property("a", tenant=tenant)]
        any_archive.properties.store(its, [valuation("a", tenant=tenant)])
        any_archive.outcomes.record([_sold(tenant)])

    assert any_archive.properties.delete("acme", "a")
    assert not any_archive.properties.delete("acme", "a")

    assert any_archive.properties.find("acme", "a") is None
    assert any_archive.valuations.page("acme", "a", limit=9) == []
    assert list(any_archive.outcomes.current()) == [_sold("other")]
    assert any_archive.properties.find("other", "a") == Valued(
        theirs, valuation("a", tenant="other")
    )


def _sold(tenant: str) -> Outcome:
    return Outcome(
        tenant=tenant,
        subject="s",
        property_id="a",
        price=1,
        sold_on=DAY,
        recorded_ms=9000,
    )
