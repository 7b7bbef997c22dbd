"""Prices of houses by one model version: exact, and cheap for a single house."""

import functools
import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from model_store import artifact, logs
from model_store.artifact import Loaded
from model_store.card import ModelCard
from model_store.errors import ArtifactError
from model_store.recipe.columns import Columns
from model_store.serving.counting import Counting
from model_store.serving.estimates import Direct, Look, Piped
from model_store.serving.flags import categories
from model_store.serving.output import Outputs
from model_store.serving.reasons import Reasons
from model_store.store import ModelStore

House = Mapping[str, Any]

#: What code raises that is given an object of another form than it was written for.
_NOT_OF_FORM = (AttributeError, LookupError, TypeError, ValueError)

_log = logs.logger(__name__)


class Predictor:
    """One loaded model version.

    Attributes:
        card: Its card.
        pipelines: As they were trained, in the order of `pipelines.ESTIMATES`.
        exact: Whether the direct form prices. False after a failed parity check:
            then the pipelines do, a hundred times and more slower for one house.
    """

    def __init__(self, loaded: Loaded) -> None:
        """Build the direct form and compare it with the pipelines.

        Raises:
            ArtifactError: The pipelines do not give the estimates that were stored
                when the model was trained, so they are not that model; or they do
                not fit the card, so that no house can be priced.
        """
        self.card: ModelCard = loaded.card
        try:
            piped = _verified_piped(loaded)
            direct = _verified_direct(loaded)
            self.exact: bool = direct is not None
            self._estimates: Direct | Piped = direct or piped
            self._outputs = Outputs(loaded.card, loaded.pipelines)
            self.pipelines = loaded.pipelines
            known = categories(loaded.pipelines[0], loaded.card.schema)
            self._counting = Counting(loaded.card, known)
            self.predict(loaded.parity_houses)
            # They are nobody's.
            self.take_counts()
        # Whatever a made-up model or card raises.
        except (*_NOT_OF_FORM, ArithmeticError) as error:
            raise ArtifactError(
                f"model {self.card.version}: cannot price its own houses: {error!r}"
            ) from error

    @classmethod
    def load(cls, store: ModelStore, version: str) -> Self:
        """Read a version from the store and make it ready.

        Raises:
            UnknownModel: There is no such version.
            ArtifactError: Its files are damaged, not trusted, or give other prices.
            StoreError: The store cannot be read.
        """
        return cls(artifact.load(store.files(version)))

    def predict(self, houses: Sequence[House]) -> list[dict[str, Any]]:
        """Price houses that fit the card's schema.

        Args:
            houses: Values by feature; what is absent or None is missing.

        Returns:
            One JSON-ready output a house, in the same order, each a dict of its own;
            prices in whole units of the card's currency, low <= price <= high.
        """
        if not houses:
            return []
        found, outputs = self._look(houses)
        self._counting.add(found.rows, outputs)
        return outputs

    def quote(self, houses: Sequence[House]) -> list[dict[str, Any]]:
        """Return what `predict` does, without counting the houses as priced."""
        return self._look(houses)[1] if houses else []

    def take_counts(self) -> dict[int, int]:
        """Return what was counted of the houses priced since the last call.

        Returns:
            Place in the card's `CountLayout` -> how many, without places of none.
        """
        return self._counting.take()

    def explain(self, houses: Sequence[House]) -> list[dict[str, Any]]:
        """Return for each house the base and the reasons of its price.

        Raises:
            ExplanationUnavailable: The extra `explain` is not installed.
            InexactReasons: The contributions do not add up to the price of a house.
        """
        return self._reasons.explain(houses)

    def prepare_reasons(self) -> None:
        """Load the extra `explain` if it is there: it takes a second, once."""
        if importlib.util.find_spec("shap"):
            self._reasons  # noqa: B018 - it is kept

    def _look(self, houses: Sequence[House]) -> tuple[Look, list[dict[str, Any]]]:
        found = self._estimates.look(houses)
        return found, self._outputs.of(houses, found.raw, found.neighbours)

    @functools.cached_property
    def _reasons(self) -> Reasons:
        return Reasons(self.card, self.pipelines)


def _verified_piped(loaded: Loaded) -> Piped:
    """Return the pipelines if they give the stored estimates bit for bit."""
    for pipeline in loaded.pipelines:
        if pipeline["comparables"].columns != Columns.of(loaded.card.schema):
            raise ValueError("its sales have other columns than its card")
    piped = Piped(loaded.pipelines, loaded.card.schema)
    if not np.array_equal(piped.raw(loaded.parity_houses), loaded.parity_raw):
        libraries = loaded.card.training.get("libraries")
        raise ArtifactError(
            f"model {loaded.card.version}: the pipelines give other estimates here "
            f"than when they were trained with {libraries}; install these versions "
            "or train again"
        )
    return piped


def _verified_direct(loaded: Loaded) -> Direct | None:
    """Return the direct form if it equals the stored estimates bit for bit."""
    try:
        direct = Direct(loaded.pipelines, loaded.card.schema)
        equal = _equal(direct, loaded)
    # What is private to scikit-learn may change its name, shape or arguments.
    except _NOT_OF_FORM as error:
        reason = repr(error)
    else:
        if equal:
            return direct
        reason = "estimates differ from the pipelines"
    _log.warning("predictor_fell_back", version=loaded.card.version, reason=reason)
    return None


def _equal(direct: Direct, loaded: Loaded) -> bool:
    """Compare for houses alone and for many together."""
    houses, expected = loaded.parity_houses, loaded.parity_raw
    alone = np.concatenate([direct.raw([house]) for house in houses])
    return np.array_equal(alone, expected) and np.array_equal(
        direct.raw(houses), expected
    )
