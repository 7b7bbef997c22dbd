"""A model version as files: made from an artifact, and read back into pipelines.

The store keeps the files, and checks them before anything here reads them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from model_store import model_file
from model_store.card import Interval, ModelCard
from model_store.errors import ArtifactError
from model_store.recipe import pipelines
from model_store.recipe.pipelines import Fitted
from model_store.schema import Schema
from model_store.storage import manifest
from model_store.storage.manifest import CARD, MANIFEST, MODEL, PARITY
from model_store.storage.signing import SigningKey

_DIGEST_IN_VERSION = 8


@dataclass(frozen=True, slots=True)
class Artifact:
    """A trained model before it has a version; fields as in `ModelCard`.

    Attributes:
        model: Fitted to all sales.
        parity_houses: Houses whose exact estimates are stored with the model.
    """

    name: str
    trained_at: datetime
    as_of: date
    currency: str
    schema: Schema
    model: Fitted
    interval: Interval
    metrics: dict[str, Any]
    data: dict[str, Any]
    training: dict[str, Any]
    examples: tuple[dict[str, Any], ...]
    parity_houses: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model version read from disk.

    Attributes:
        card: Its card.
        pipelines: In the order of `pipelines.ESTIMATES`.
        parity_houses: Stored houses, values missing or unknown among them.
        parity_raw: Their estimates by the pipelines when the model was trained,
            shape (n_houses, 3).
    """

    card: ModelCard
    pipelines: tuple[Pipeline, ...]
    parity_houses: list[dict[str, Any]]
    parity_raw: NDArray[np.float64]


def dump(artifact: Artifact, key: SigningKey) -> dict[str, bytes]:
    """Return the files of a version, the manifest signed with the key among them."""
    houses = list(artifact.parity_houses)
    frame = pipelines.frame(artifact.schema, houses)
    raw = pipelines.predict(artifact.model.pipelines, frame).tolist()
    files = {
        MODEL: model_file.dump(artifact.model.pipelines),
        PARITY: _json({"houses": houses, "raw": raw}),
    }
    card = _card(artifact, files)
    files[CARD] = _json(card.to_dict(), indent=2)
    return files | {MANIFEST: manifest.seal(card.name, card.version, files, key)}


def load(files: Mapping[str, bytes]) -> Loaded:
    """Read a version.

    Args:
        files: As `ModelStore.files` has checked them.

    Raises:
        ArtifactError: A file is not what it should be, though it was signed.
    """
    card = ModelCard.from_json(files[CARD])
    try:
        houses, raw = _parity(files[PARITY])
        return Loaded(
            card=card,
            pipelines=model_file.load(files[MODEL]),
            parity_houses=houses,
            parity_raw=raw,
        )
    except (ArtifactError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArtifactError(f"model {card.version}: {error}; train it again") from error


def _parity(content: bytes) -> tuple[list[dict[str, Any]], NDArray[np.float64]]:
    parity = json.loads(content)
    houses, raw = parity["houses"], np.array(parity["raw"], dtype=np.float64)
    objects = isinstance(houses, list) and all(isinstance(one, dict) for one in houses)
    shape = (len(houses), len(pipelines.ESTIMATES))
    if not objects or not houses or raw.shape != shape:
        raise ValueError(f"{PARITY}: expected houses, and three estimates of each")
    return houses, raw


def _card(artifact: Artifact, files: Mapping[str, bytes]) -> ModelCard:
    card = ModelCard(
        name=artifact.name,
        version="",
        digest="",
        trained_at=artifact.trained_at,
        as_of=artifact.as_of,
        currency=artifact.currency,
        data=artifact.data,
        metrics=artifact.metrics,
        interval=artifact.interval,
        schema=artifact.schema,
        profile=artifact.model.profile,
        training=artifact.training,
        examples=artifact.examples,
    )
    digest = _digest(card, files)
    version = f"{artifact.as_of:%Y%m%d}-{digest[:_DIGEST_IN_VERSION]}"
    return replace(card, version=version, digest=f"sha256:{digest}")


def _digest(card: ModelCard, files: Mapping[str, bytes]) -> str:
    """Return one digest of model, parity rows and what lasts of the card."""
    passing = {"version", "digest", "trained_at"}
    lasting = {k: v for k, v in card.to_dict().items() if k not in passing}
    sums = _sums({**files, CARD: _json(lasting)})
    return hashlib.sha256(_json(sums)).hexdigest()


def _sums(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}


def _json(value: object, indent: int | None = None) -> bytes:
    return (json.dumps(value, indent=indent, allow_nan=False) + "\n").encode()
