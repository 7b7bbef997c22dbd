"""A price is made anew by nothing older than what made it."""

import pytest

from api import refreshing
from api.catalog import ALIAS_TTL_S, WARM_UP_S, Catalog
from model_store.archive.property import Valued
from model_store.store import ModelStore
from tests.clock import Clock
from tests.model_store.archive import rows
from tests.second_version import SECOND
from worker.versions import Findings


@pytest.fixture
def first(own_store: ModelStore) -> str:
    """Return the champion before the promotion."""
    return own_store.resolve("champion")


@pytest.fixture
def catalog(own_store: ModelStore, clock: Clock, first: str) -> Catalog:
    """Return one that has not seen yet that workers have the new champion."""
    findings = Findings({first: 0})
    catalog = Catalog(own_store, ask_workers=lambda: findings, clock=clock)
    catalog.aliases()
    clock.seconds += ALIAS_TTL_S
    own_store.promote(SECOND)
    return catalog


def _reasons(catalog: Catalog, version: str) -> tuple[str, ...]:
    valued = Valued(rows.a_property("a"), rows.valuation("a", version=version))
    return refreshing.stale_because(catalog, valued, catalog.served())


def test_a_price_of_a_champion_to_be_is_not_stale(
    catalog: Catalog, clock: Clock, first: str
) -> None:
    """Another process serves it already: this one would have it priced as before."""
    assert catalog.served().card.version == first
    assert _reasons(catalog, SECOND) == ()
    assert _reasons(catalog, first) == ()
    assert _reasons(catalog, "20140101-00000000") == ("model",)

    for _ in range(round(WARM_UP_S / ALIAS_TTL_S)):
        clock.seconds += ALIAS_TTL_S
        catalog.aliases()
    assert _reasons(catalog, first) == ("model",)
    assert _reasons(catalog, SECOND) == ()
