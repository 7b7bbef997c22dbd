"""What is there of properties is known before they are valued anew."""

from model_store.archive.archive import Archive
from model_store.archive.prediction import house_hash
from model_store.archive.revaluations import Held
from tests.model_store.archive.rows import HOUSE, a_property, valuation


def test_a_portfolio_lags_while_a_newest_valuation_is_of_another_version(
    any_archive: Archive,
) -> None:
    """What was said before counts for nothing, nor what nobody has valued yet."""
    lags = any_archive.revaluations.lags
    any_archive.properties.put([a_property("a"), a_property("new")])
    assert not lags("acme", "houses", "v2")

    any_archive.valuations.record([valuation("a", 1, version="v1")])
    assert lags("acme", "houses", "v2")
    assert not lags("acme", "houses", "v1")
    assert not lags("acme", "other", "v2")
    assert not lags("other", "houses", "v2")

    any_archive.valuations.record([valuation("a", 2, version="v2")])
    assert not lags("acme", "houses", "v2")
    assert lags("acme", "houses", "v1")


def test_the_price_before_is_that_of_another_source(any_archive: Archive) -> None:
    """So that who stores the same twice compares it with the same price."""
    any_archive.properties.put([a_property("a", updated_ms=2000), a_property("new")])
    before, now = valuation("a", 1), valuation("a", 2)
    any_archive.valuations.record([before])

    held = any_archive.revaluations.held
    first = held("acme", ["a", "new", "gone"], but=now.source_id)
    any_archive.valuations.record([now])
    again = held("acme", ["a", "new", "gone"], but=now.source_id)

    digest = house_hash(HOUSE)
    assert first == again
    assert first == {"a": Held(digest, 2000, 500_000), "new": Held(digest, 1000, None)}
    assert held("acme", ["a"], but=before.source_id)["a"].price == 500_000
    assert held("other", ["a"], but="") == {}
