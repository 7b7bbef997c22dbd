"""A revaluation without an archive must wait for it, and be whole then."""

import orjson

from model_store.archive.valuation import Valuation
from tests.chaos.houses import House
from tests.chaos.revaluation_row import not_held, unlike
from tests.chaos.test_batches_row import a_batch

_HOUSES = {name: House(b"{}", orjson.dumps({"of": name})) for name in ("a", "b")}


def _valuation(name: str) -> Valuation:
    return Valuation(
        tenant="acme",
        property_id=name,
        source_id="bat",
        valued_ms=1,
        model="m",
        version="v",
        input_digest="",
        output=orjson.dumps({"of": name}),
    )


def test_what_waits_and_is_stored_then_is_whole() -> None:
    """No false alarm."""
    found = {name: [_valuation(name)] for name in _HOUSES}

    assert [*unlike(found, _HOUSES)] == []
    assert [*not_held([0], [a_batch()])] == []


def test_a_valuation_that_is_missing_doubled_or_anothers_is_told() -> None:
    """Each by the property that it is of."""
    of_a, of_b = _valuation("a"), _valuation("b")

    (missing,) = unlike({"a": [of_a], "b": []}, _HOUSES)
    (doubled,) = unlike({"a": [of_a], "b": [of_b, of_b]}, _HOUSES)
    (mixed,) = unlike({"a": [of_b], "b": [of_b]}, _HOUSES)

    assert "{'b': 0}" in missing
    assert "{'b': 2}" in doubled
    assert "['a']" in mixed


def test_an_outage_that_was_none_is_told() -> None:
    """Stored while nothing could be, or begun twice."""
    assert "[100]" in next(not_held([100], [a_batch()]))
    assert "not one" in next(not_held([0], [a_batch(), a_batch()]))
