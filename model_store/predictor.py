"""Prices of houses by one model version: exact, and cheap for a single house."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from model_store import artifact, pipelines
from model_store.artifact import Loaded
from model_store.calibration import price_range
from model_store.card import ModelCard
from model_store.errors import ArtifactError
from model_store.forest import Forest, NotFusable
from model_store.schema import Schema
from model_store.store import ModelStore

Floats = NDArray[np.float64]
House = Mapping[str, Any]

_log = logging.getLogger(__name__)


class Direct:
    """The estimates by dict look-up and all trees at once, without pandas."""

    def __init__(self, models: Sequence[Pipeline], schema: Schema) -> None:
        """Take over what the pipelines learnt.

        Raises:
            NotFusable: The pipelines are not of the form that training gives them.
        """
        encodings = [_encodings(model) for model in models]
        if any(encoding != encodings[0] for encoding in encodings[1:]):
            raise NotFusable("the models encode their categories differently")
        self._forest = Forest([model["trees"] for model in models])
        self._categories = encodings[0]
        self._numbers = [f.name for f in schema.features if f.kind != "category"]

    def raw(self, houses: Sequence[House]) -> Floats:
        """Return the estimates of log price, shape (n_houses, n_models)."""
        return self._forest.predict(
            np.array([self._encoded(house) for house in houses], dtype=np.float64)
        )

    def _encoded(self, house: House) -> list[float | None]:
        """Return one row in the pipelines' column order; numpy makes None NaN."""
        get = house.get
        row: list[float | None] = [
            codes.get(get(name), unknown) for name, codes, unknown in self._categories
        ]
        row += [get(name) for name in self._numbers]
        return row


class Piped:
    """The estimates by the pipelines themselves: the reference, and the fall-back."""

    def __init__(self, models: Sequence[Pipeline], schema: Schema) -> None:
        """Keep the pipelines."""
        self._models = models
        self._schema = schema

    def raw(self, houses: Sequence[House]) -> Floats:
        """Return the estimates of log price, shape (n_houses, n_models)."""
        frame = pipelines.frame(self._schema, houses)
        return pipelines.predict(self._models, frame)


class Predictor:
    """One loaded model version.

    Attributes:
        card: Its card.
        exact: Whether the direct form prices. False after a failed parity check:
            then the pipelines do, a hundred times and more slower for one house.
    """

    def __init__(self, loaded: Loaded) -> None:
        """Build the direct form and compare it with the pipelines.

        Raises:
            ArtifactError: The pipelines do not give the estimates that were stored
                when the model was trained, so they are not that model.
        """
        self.card: ModelCard = loaded.card
        piped = Piped(loaded.pipelines, loaded.card.schema)
        if not np.array_equal(piped.raw(loaded.parity_houses), loaded.parity_raw):
            libraries = loaded.card.training.get("libraries")
            raise ArtifactError(
                f"model {self.card.version}: the pipelines give other estimates here "
                f"than when they were trained with {libraries}; install these versions "
                "or train again"
            )
        direct = _verified_direct(loaded)
        self.exact: bool = direct is not None
        self._estimates: Direct | Piped = direct or piped
        self._constants = _constants(loaded.card)

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
        raw = self._estimates.raw(houses).tolist()
        return [self._output(row) for row in raw]

    def _output(self, raw: Sequence[float]) -> dict[str, Any]:
        interval = self.card.interval
        price, low, high = price_range(raw, interval.below, interval.above)
        currency, level, method, as_of, model = self._constants
        return {
            "price": price,
            "currency": currency,
            "interval": {"low": low, "high": high, "level": level, "method": method},
            "as_of": as_of,
            "model": model.copy(),
        }


def _verified_direct(loaded: Loaded) -> Direct | None:
    """Return the direct form if it equals the stored estimates bit for bit."""
    try:
        direct = Direct(loaded.pipelines, loaded.card.schema)
        equal = _equal(direct, loaded)
    # What is private to scikit-learn may change its name, shape or arguments.
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        reason = repr(error)
    else:
        if equal:
            return direct
        reason = "estimates differ from the pipelines"
    _log.warning("predictor_fell_back: %s, %s", loaded.card.version, reason)
    return None


def _equal(direct: Direct, loaded: Loaded) -> bool:
    """Compare for houses alone and for many together."""
    houses, expected = loaded.parity_houses, loaded.parity_raw
    alone = np.concatenate([direct.raw([house]) for house in houses])
    return np.array_equal(alone, expected) and np.array_equal(
        direct.raw(houses), expected
    )


def _encodings(
    model: Pipeline,
) -> list[tuple[str, dict[str | None, float], float]]:
    """Return name, code by category, and code of an unknown one, for each category."""
    columns = model["columns"]
    names = list(columns.transformers_[0][2])
    encoder = columns.named_transformers_["categories"]
    if not names:
        return []
    unknown = float(encoder.target_mean_)
    return [
        (name, _codes(categories, codes), unknown)
        for name, categories, codes in zip(
            names, encoder.categories_, encoder.encodings_, strict=True
        )
    ]


def _codes(categories: NDArray[Any], codes: Floats) -> dict[str | None, float]:
    """Return the code of each category; that of a missing one under None."""
    keys = (None if key is None or key != key else key for key in categories)  # noqa: PLR0124 - NaN
    return dict(zip(keys, codes.tolist(), strict=True))


def _constants(card: ModelCard) -> tuple[str, float, str, str, dict[str, str]]:
    form = card.to_dict()
    model = {key: form[key] for key in ("name", "version", "digest", "trained_at")}
    interval = card.interval
    return card.currency, interval.level, interval.method, form["as_of"], model
