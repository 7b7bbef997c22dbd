"""Whether there is room for a new version beside those that have a post.

A retraining that nobody watches undoes nothing that a person has decided: whoever is
asked for is asked for by name, in what a rule says.
"""

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from model_store.aliases import Aliases
from model_store.card import ModelCard
from model_store.dataset import Dataset
from model_store.errors import ArtifactError, UnknownModel
from model_store.retraining.rules import Rule
from model_store.retraining.split import later
from model_store.store import ModelStore


class Standing:
    """What stands in a store when a retraining begins.

    Args:
        store: Where versions are.
        aliases: Which of them has which post.
    """

    def __init__(self, store: ModelStore, aliases: Aliases) -> None:
        self._store = store
        self._aliases = aliases

    def on_trial(self, *, may_end: bool) -> Rule:
        """Return the rule that a challenger on trial stays.

        One that an earlier retraining made, and nobody has given a share, waits only.

        Args:
            may_end: Whether a person said that it may be replaced.
        """
        version, share = self._aliases.challenger, self._aliases.share
        stays = (
            version is not None
            and not may_end
            and (share > 0 or not _verdict_of(self._store.card(version)))
        )
        said = (
            f"{version} is on trial with {share:g} % of the jobs and stays; promote or "
            "dismiss it, or retrain with --replace-challenger"
            if stays
            else "no challenger is on trial that would be replaced"
        )
        return Rule("trial", not stays, str(version) if stays else "", "none", said)

    def made(self, digest: str | None, *, asks: bool) -> Rule:
        """Return the rule that no challenger of these sales waits already.

        Args:
            digest: Of the sales.
            asks: Whether a challenger waits for a person.
        """
        version = self._aliases.challenger
        waits = (
            asks
            and version is not None
            and _made_of(self._store.card(version)) == digest
        )
        said = (
            f"{version} was made of these very sales, and waits for a person"
            if waits
            else "no challenger was made of these very sales"
        )
        return Rule("made", not waits, str(version) if waits else "", "none", said)

    def taken_back(
        self, sales: Dataset, champion: ModelCard | None, *, fewest: int, again: bool
    ) -> Rule:
        """Return the rule that a rollback holds until there are sales to judge anew.

        Args:
            sales: All of them.
            champion: What prices now.
            fewest: Sales later than those of what was rolled back, from which on a
                candidate is another one.
            again: Whether a person said that it may come again.
        """
        back = None if again or champion is None else self._left_for(champion)
        known = fewest if back is None else len(later(sales, back))
        said = (
            "these sales make nothing that was rolled back from"
            if back is None
            else f"{back.version} was rolled back from, and {known:,} sales are later "
            f"than its own: from {fewest:,} on a candidate is another one; promote it "
            "yourself, or retrain with --again"
        )
        bound = f"at least {fewest:,} sales since"
        figure = "" if back is None else known
        return Rule("rolled_back", known >= fewest, figure, bound, said)

    def _left_for(self, champion: ModelCard) -> ModelCard | None:
        """Return the champion before this one if it was left for what is older.

        What cannot be read any more is no reason to keep a champion for ever.
        """
        previous = self._aliases.previous
        if previous is None or _verdict_of(champion).get("champion_before") == previous:
            # A retraining has put this champion in its place; nobody went back.
            return None
        with contextlib.suppress(UnknownModel, ArtifactError):
            before = self._store.card(previous)
            replaced = _verdict_of(before).get("champion_before")
            if before.as_of > champion.as_of or replaced == champion.version:
                return before
        return None


def digest_in(steps: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the digest of the sales that the steps of a retraining were about."""
    return next((one["digest"] for one in steps if "digest" in one), None)


def _made_of(card: ModelCard) -> str | None:
    return digest_in(_verdict_of(card).get("steps", ()))


def _verdict_of(card: ModelCard) -> Mapping[str, Any]:
    """Return what a card says of the retraining that made it; empty: none did."""
    verdict: Mapping[str, Any] = card.training.get("retraining", {})
    return verdict
