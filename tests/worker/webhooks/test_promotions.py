"""The laws of how a change of the aliases is announced."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from model_store.store import ModelStore
from tests.second_version import SECOND
from tests.worker.webhooks.site import Site
from worker.webhooks.promotions import Promotions

Told = Callable[[], list[tuple[str, dict[str, Any]]]]


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """Return an installation whose operators are told of models."""
    site = make_site()
    site.endpoint("model.*", tenant="operator")
    return site


@pytest.fixture
def promotions(site: Site, own_store: ModelStore) -> Promotions:
    """Return what looks at the store, which it has seen before."""
    promotions = Promotions(site.redis, own_store, site.settings)
    promotions.look()
    return promotions


@pytest.fixture
def told(site: Site) -> Told:
    """Return a function that takes events and returns their types and data."""

    def told() -> list[tuple[str, dict[str, Any]]]:
        leases = site.take()
        events = [orjson.loads(one[b"body"]) for one in site.deliveries.load(leases)]
        for lease in leases:
            site.end(lease)
        return [(event["type"], event["data"]) for event in events]

    return told


def test_an_installation_that_was_never_seen_is_no_news(
    promotions: Promotions, told: Told
) -> None:
    """Its champion was champion before anybody looked."""
    promotions.look()

    assert told() == []


def test_a_promotion_and_its_rollback_are_told(
    promotions: Promotions, own_store: ModelStore, told: Told
) -> None:
    """Each once, with what it replaced."""
    first = own_store.resolve("champion")

    own_store.promote(SECOND)
    promotions.look()
    promotions.look()

    of_champion = {"alias": "champion", "version": SECOND, "replaced": first}
    assert told() == [("model.promoted", {**of_champion, "generation": 2})]

    own_store.rollback()
    promotions.look()

    of_champion = {"alias": "champion", "version": first, "replaced": SECOND}
    assert told() == [("model.rolled_back", {**of_champion, "generation": 3})]


def test_a_new_challenger_is_told_and_its_share_is_not(
    promotions: Promotions, own_store: ModelStore, told: Told
) -> None:
    """Nor is that there is none any more: no model was given a post."""
    own_store.promote(SECOND, post="challenger", share=5)
    promotions.look()

    ((type_, data),) = told()
    assert (type_, data["alias"], data["version"]) == (
        *("model.promoted", "challenger"),
        SECOND,
    )
    assert data["replaced"] is None

    own_store.promote(SECOND, post="challenger", share=50)
    promotions.look()
    own_store.dismiss()
    promotions.look()
    assert told() == []


def test_two_who_look_tell_once(
    promotions: Promotions, site: Site, own_store: ModelStore, told: Told
) -> None:
    """One of them may have died before it wrote down what it told."""
    before = site.redis.get("kerbside:aliases")
    own_store.promote(SECOND)
    promotions.look()
    site.redis.set("kerbside:aliases", before)
    Promotions(site.redis, own_store, site.settings).look()

    assert len(told()) == 1


def test_a_store_that_was_put_in_its_place_is_no_news(
    promotions: Promotions, site: Site, store: ModelStore, told: Told
) -> None:
    """Its generations count from another beginning."""
    ahead = b'{"generation": 9, "champion": "a", "challenger": null, "previous": null}'
    site.redis.set("kerbside:aliases", ahead)

    promotions.look()

    assert told() == []
    assert site.redis.get("kerbside:aliases") == store.aliases().to_json()
