"""Champion, challenger and previous change places by simple rules."""

import dataclasses

import pytest

from model_store.actor import Actor
from model_store.aliases import ALIAS_NAMES, CHANGES_KEPT, Aliases
from model_store.errors import AliasesChanged, StoreError, UnknownModel

NOW = Aliases(3, champion="b", challenger="c", previous="a")


def test_a_version_may_carry_several_aliases() -> None:
    """Each name that a store resolves is one that a version can be told to carry."""
    aliases = Aliases(3, champion="a", challenger="b", previous="a")

    assert aliases.of("a") == ["champion", "previous"]
    assert aliases.of("b") == ["challenger"]
    assert aliases.of("c") == []
    fields = [field.name for field in dataclasses.fields(Aliases)]
    assert fields == ["generation", *ALIAS_NAMES, "share", "changes"]


def test_a_new_champion_leaves_the_challenger_alone() -> None:
    """The champion so far is the previous one."""
    assert NOW.promoted("d", "champion") == Aliases(4, "d", "c", "b")


def test_a_challenger_that_wins_is_none_any_more() -> None:
    """Nobody is tried beside itself."""
    assert NOW.promoted("c", "champion") == Aliases(4, "c", None, "b")


def test_a_challenger_takes_the_place_of_another() -> None:
    """The champion does not notice, and cannot challenge itself."""
    assert NOW.promoted("d", "challenger") == Aliases(4, "b", "d", "a")
    with pytest.raises(StoreError, match="is the champion"):
        NOW.promoted("b", "challenger")


@pytest.mark.parametrize(("version", "post"), [("b", "champion"), ("c", "challenger")])
def test_who_has_a_post_already_changes_nothing(version: str, post: str) -> None:
    """A repeated promotion is no new generation."""
    assert NOW.promoted(version, post) is NOW  # type: ignore[arg-type]


def test_a_challenger_has_a_share_of_its_own() -> None:
    """It keeps it until it is told another; a new one has none, nor has a winner."""
    tried = NOW.promoted("c", "challenger", 5)
    assert tried == Aliases(4, "b", "c", "a", share=5)
    assert tried.promoted("c", "challenger") is tried
    assert tried.promoted("c", "challenger", 7).share == 7
    assert tried.promoted("d", "challenger").share == 0
    assert tried.promoted("c", "champion") == Aliases(5, "c", None, "b")
    assert tried.promoted("d", "champion").share == 5
    with pytest.raises(StoreError, match="only a challenger"):
        NOW.promoted("d", "champion", 5)


def test_a_challenger_is_dismissed_with_its_share() -> None:
    """Where there is none nothing changes."""
    assert Aliases(3, "b", "c", "a", 5).dismissed() == Aliases(4, "b", None, "a")
    assert Aliases(3, "b").dismissed() == Aliases(3, "b")


def test_aliases_without_a_share_are_as_they_always_were() -> None:
    """Processes of an earlier release read them."""
    assert b"share" not in NOW.to_json()
    assert b"share" in dataclasses.replace(NOW, share=5).to_json()


def test_a_rollback_swaps_champion_and_previous() -> None:
    """So that it can be undone."""
    assert NOW.rolled_back() == Aliases(4, "a", "c", "b")
    assert NOW.rolled_back().rolled_back() == dataclasses.replace(NOW, generation=5)
    with pytest.raises(UnknownModel, match="no previous champion"):
        Aliases(1, champion="a").rolled_back()


def test_another_generation_than_expected_is_refused() -> None:
    """Without an expectation any will do."""
    NOW.expect(3)
    NOW.expect(None)
    with pytest.raises(AliasesChanged, match="generation 3, expected 2"):
        NOW.expect(2)


def test_aliases_survive_their_file() -> None:
    """What was written is read."""
    assert Aliases.from_json(NOW.to_json()) == NOW
    with_share = dataclasses.replace(NOW, share=12.5)
    assert Aliases.from_json(with_share.to_json()) == with_share
    noted = NOW.noting("promote_model", "b", Actor("cli:ada"), 1)
    assert Aliases.from_json(noted.to_json()).changes == noted.changes


def test_the_newest_changes_are_kept() -> None:
    """The file is read each second by many, and does not grow for ever."""
    aliases = NOW
    for number in range(CHANGES_KEPT + 1):
        aliases = aliases.noting("promote_model", str(number), Actor("cli:ada"), number)

    versions = [one.version for one in aliases.changes]
    assert versions == [str(number) for number in range(1, CHANGES_KEPT + 1)]
    assert aliases == NOW
    assert "changes" not in aliases.told()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b'{"champion": 1}',
        b'{"generation": "x"}',
        b'{"other": "a"}',
        b'{"share": 101}',
    ],
)
def test_what_is_no_file_of_aliases_is_an_error(text: bytes) -> None:
    """An alias of another kind would fail far from here."""
    with pytest.raises(ValueError, match="Aliases"):
        Aliases.from_json(text)
