"""Aliases move whole, one change after the other, and only to sound versions."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from model_store import actor
from model_store.actor import Actor
from model_store.aliases import Aliases
from model_store.errors import (
    AliasesChanged,
    ArtifactError,
    StoreError,
    UnknownModel,
)
from model_store.storage.manifest import CARD, MANIFEST, MODEL, PARITY
from model_store.store import ModelStore
from tests.model_store.stores import SECOND, Made, again, root
from tests.small_model import changed


def test_each_promotion_is_a_generation_and_keeps_the_previous(
    fresh: ModelStore, made: Made
) -> None:
    """Champion and previous move together, the generation grows by one."""
    first = fresh.publish(made)
    second = fresh.publish(changed(made, version=SECOND))

    assert fresh.promote(first) == Aliases(1, champion=first)
    assert fresh.promote(second) == Aliases(2, champion=second, previous=first)
    assert fresh.promote(second) == Aliases(2, champion=second, previous=first)
    assert again(fresh).aliases().generation == 2
    assert fresh.resolve("champion") == second
    assert fresh.resolve("previous") == first
    with pytest.raises(UnknownModel, match="no challenger"):
        fresh.resolve("challenger")


def test_a_rollback_brings_the_previous_champion_back(
    fresh: ModelStore, made: Made
) -> None:
    """And a second one undoes the first."""
    first = fresh.publish(made)
    second = fresh.publish(changed(made, version=SECOND))
    fresh.promote(first)
    with pytest.raises(UnknownModel, match="no previous champion"):
        fresh.rollback()
    fresh.promote(second)

    assert fresh.rollback() == Aliases(3, champion=first, previous=second)
    assert fresh.rollback() == Aliases(4, champion=second, previous=first)


def test_who_made_each_change_stands_beside_what_it_made(
    fresh: ModelStore, made: Made
) -> None:
    """Whoever it was, and nothing where nothing was changed."""
    first, second = fresh.publish(made), fresh.publish(changed(made, version=SECOND))
    ada = Actor("key:ada", "order-7")
    fresh.promote(first)
    fresh.promote(second, post="challenger", by=ada)
    fresh.promote(second, post="challenger", by=ada)
    fresh.dismiss(by=ada)
    fresh.dismiss(by=ada)
    fresh.promote(second, by=ada)
    fresh.rollback(by=ada)

    told = [
        (one.generation, one.actor, one.operation, one.version, one.request_id)
        for one in again(fresh).aliases().changes
    ]
    assert told == [
        (1, actor.running(), "promote_model", first, None),
        (2, "key:ada", "name_challenger", second, "order-7"),
        (3, "key:ada", "dismiss_challenger", second, "order-7"),
        (4, "key:ada", "promote_model", second, "order-7"),
        (5, "key:ada", "rollback_model", first, "order-7"),
    ]


def test_a_change_from_another_generation_is_refused(
    fresh: ModelStore, made: Made
) -> None:
    """Who decided on what is no longer so decides again."""
    versions = [fresh.publish(made), fresh.publish(changed(made, version=SECOND))]
    fresh.promote(versions[0], if_generation=0)
    fresh.promote(versions[1], if_generation=1)
    before = fresh.aliases()

    with pytest.raises(AliasesChanged, match="at generation 2, expected 1"):
        fresh.promote(versions[0], if_generation=1)
    with pytest.raises(AliasesChanged, match="at generation 2, expected 1"):
        fresh.rollback(if_generation=1)

    assert fresh.aliases() == before


@pytest.mark.parametrize("name", [CARD, MODEL, PARITY, MANIFEST])
def test_a_damaged_version_gets_no_alias(
    fresh: ModelStore, made: Made, name: str
) -> None:
    """Neither by promotion nor by rollback."""
    first = fresh.publish(made)
    second = fresh.publish(changed(made, version=SECOND))
    fresh.promote(first)
    fresh.promote(second)
    before = fresh.aliases()
    (root(fresh) / first / name).write_bytes(b"{}")

    with pytest.raises(ArtifactError, match=first):
        fresh.promote(first, post="challenger")
    with pytest.raises(ArtifactError, match=first):
        fresh.rollback()

    assert fresh.aliases() == before


def test_an_unknown_version_is_not_promoted(fresh: ModelStore) -> None:
    """An alias never points at nothing."""
    with pytest.raises(UnknownModel, match="kerbside model list"):
        fresh.promote(SECOND)


def test_promotions_at_once_are_all_counted(fresh: ModelStore, made: Made) -> None:
    """Writers wait for each other, readers never see half a file."""
    versions = [fresh.publish(made), fresh.publish(changed(made, version=SECOND))]
    fresh.promote(versions[0])

    def flip(turn: int) -> int:
        return again(fresh).promote(versions[turn % 2]).generation

    with ThreadPoolExecutor(4) as pool:
        generations = list(pool.map(flip, range(40)))

    assert fresh.aliases().generation == max(generations)
    assert fresh.aliases().champion != fresh.aliases().previous


def test_damaged_aliases_are_told(fresh: ModelStore, made: Made) -> None:
    """A file that cannot be understood is an error, not an empty store."""
    fresh.promote(fresh.publish(made))
    (root(fresh) / "aliases.json").write_text("{")

    with pytest.raises(StoreError, match=r"aliases\.json"):
        fresh.resolve("champion")
