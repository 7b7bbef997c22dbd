"""The file of pipelines: skops, a reviewed list of types, reproducible bytes."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import skops.io
from sklearn.pipeline import Pipeline
from skops.io.exceptions import UntrustedTypesFoundException

from model_store.errors import ArtifactError
from model_store.recipe.pipelines import ESTIMATES
from model_store.soundness import expect_sound

#: Types that a model file may hold beside those that skops itself trusts; each was
#: read for what it can do when its state is made up.
TRUSTED = (
    # Arrays of nodes that compiled code walks without bounds checks: `soundness`
    # therefore looks at them first.
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    # Three plain values: how the category encoder split the sales while it was fitted.
    "sklearn.model_selection._split.KFold",
    # Ours: arrays, names and numbers, which run nothing. Sizes and values are checked
    # before a tree and sums are made of them.
    "model_store.recipe.columns.Columns",
    "model_store.recipe.comparables.ComparableSales",
    "model_store.recipe.hedonic.Hedonic",
)

#: Most bytes of an unpacked file; a million sales of a hundred columns take as many.
_MOST_BYTES = 2**30

_SCHEMA = "schema.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def dump(pipelines: Sequence[Pipeline]) -> bytes:
    """Return the pipelines as a skops file whose bytes depend on nothing else.

    skops names the parts of a file after addresses in memory and dates them;
    both are replaced by counts and a fixed date.
    """
    raw = skops.io.dumps(dict(zip(ESTIMATES, pipelines, strict=True)))
    with zipfile.ZipFile(io.BytesIO(raw)) as before:
        parts = {name: before.read(name) for name in before.namelist()}
    names: dict[str, str] = {}
    schema = _renamed(json.loads(parts.pop(_SCHEMA)), {}, names)
    parts = {names[name]: content for name, content in parts.items()}
    parts[_SCHEMA] = json.dumps(schema).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as after:
        for name in sorted(parts):
            part = zipfile.ZipInfo(name, _EPOCH)
            part.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(part, parts[name])
    return packed.getvalue()


def load(content: bytes) -> tuple[Pipeline, ...]:
    """Read pipelines in the order of `ESTIMATES`.

    Raises:
        ArtifactError: The content holds a type that is not on the list, is not of the
            form that training gives it, or is no model file.
    """
    try:
        _refuse_bomb(content)
        models = skops.io.loads(content, trusted=TRUSTED)
        pipelines = tuple(models[estimate] for estimate in ESTIMATES)
        for pipeline in pipelines:
            expect_sound(pipeline)
    except UntrustedTypesFoundException as error:
        raise ArtifactError(f"refused, holds types not trusted: {error}") from error
    # Whatever a library raises when it is given what somebody made up.
    except Exception as error:
        raise ArtifactError(f"not a file of pipelines: {error!r}") from error
    return pipelines


def _refuse_bomb(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        unpacked = sum(part.file_size for part in parts.infolist())
    if unpacked > _MOST_BYTES:
        raise ValueError(f"unpacks to {unpacked:,} bytes, more than {_MOST_BYTES:,}")


def _renamed(node: Any, ids: dict[int, int], names: dict[str, str]) -> Any:
    """Replace object ids and part names by counts, in order of appearance."""
    if isinstance(node, list):
        return [_renamed(item, ids, names) for item in node]
    if not isinstance(node, dict):
        return node
    fresh: dict[str, Any] = {}
    for key, value in node.items():
        if key == "__id__":
            fresh[key] = ids.setdefault(value, len(ids))
        elif key == "file" and isinstance(value, str):
            suffix = Path(value).suffix
            fresh[key] = names.setdefault(value, f"{len(names):06d}{suffix}")
        else:
            fresh[key] = _renamed(value, ids, names)
    return fresh
