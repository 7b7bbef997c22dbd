"""A new champion values all stored properties anew, and tells what came of it."""

import orjson

from tests.worker.portfolio_site import NEXT, PortfolioSite
from tests.worker.revaluing.conftest import Make


def test_a_new_champion_values_all_properties_anew(site: PortfolioSite) -> None:
    """As a batch of the tenant's, whose rows are what is stored."""
    site.revaluing().look()
    assert site.revaluations() == []
    site.promote(NEXT)
    site.price = 520_000
    site.revaluing().look()

    (batch,) = site.revaluations()
    assert (batch.version, batch.rows, batch.purpose) == (NEXT, 3, "revaluation")
    assert site.work() == 2
    site.storing.look()
    assert [site.version(one) for one in "abc"] == [NEXT] * 3
    found = site.find("c")
    assert found is not None
    assert found.valuation is not None
    assert orjson.loads(found.valuation.output)["price"] == 520_000
    assert found.valuation.input_digest == found.property.input_digest
    history = site.archive.valuations.page("acme", "c", limit=9)
    assert [one.version for one in history] == [NEXT, site.desk.card.version]


def test_a_property_that_changed_or_went_meanwhile_is_left_alone(
    site: PortfolioSite,
) -> None:
    """A price of another house would be none of it, and what is erased stays so."""
    site.promote(NEXT)
    site.revaluing().look()
    site.put("a", bedrooms=5)
    site.archive.properties.delete("acme", "b")
    site.work()
    site.storing.look()

    assert site.version("a") == site.desk.card.version
    assert site.find("b") is None
    assert site.version("c") == NEXT
    assert site.revaluations()[0].stored == 1


def test_it_tells_how_prices_have_moved(site: PortfolioSite) -> None:
    """Of those that had one: how many by more than 5 %, and what all are worth."""
    site.promote(NEXT)
    site.revaluing().look()
    site.price = 510_000
    site.work(1)
    site.price = 550_000
    site.work()
    site.storing.look()

    (told,) = site.told
    assert told.batch.stored == 3
    assert told.counts == {
        "compared": 3,
        "moved": 1,
        "value_before": 1_500_000,
        "value_after": 1_570_000,
    }


def test_each_tenant_has_a_revaluation_of_its_own(make: Make) -> None:
    """Nobody reads another's houses."""
    site = make()
    site.imported("a")
    site.imported("a", "z", tenant="other")
    site.promote(NEXT)
    site.revaluing().look()
    site.work()
    site.storing.look()

    assert [one.rows for one in site.revaluations()] == [1]
    assert [one.rows for one in site.revaluations("other")] == [2]
    assert site.version("z", "other") == NEXT
