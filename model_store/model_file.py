"""The file of pipelines: skops, a reviewed list of types, reproducible bytes."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.pipeline import Pipeline
from skops.io.exceptions import UntrustedTypesFoundException

from model_store.errors import ArtifactError
from model_store.pipelines import ESTIMATES

#: Types that a model file may hold beside those that skops itself trusts; each was
#: read for what it can do when its state is made up.
TRUSTED = (
    # Arrays of nodes that compiled code walks without bounds checks: `_walkable`
    # therefore checks them first.
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    # Three plain values: how the category encoder split the sales while it was fitted.
    "sklearn.model_selection._split.KFold",
    # Ours: arrays, names and numbers. `_derive` makes a tree and sums of them, which
    # fail or go wrong on made-up ones but run nothing.
    "model_store.columns.Columns",
    "model_store.comparables.ComparableSales",
    "model_store.hedonic.Hedonic",
)

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
        ArtifactError: The content holds a type that is not on the list, or trees
            that lead out of themselves, or is no model file.
    """
    try:
        models = skops.io.loads(content, trusted=TRUSTED)
        pipelines = tuple(models[estimate] for estimate in ESTIMATES)
        sound = all(_walkable(pipeline["trees"]) for pipeline in pipelines)
    except UntrustedTypesFoundException as error:
        raise ArtifactError(f"refused, holds types not trusted: {error}") from error
    except (
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
        zipfile.BadZipFile,
    ) as error:
        raise ArtifactError(f"not a file of pipelines: {error!r}") from error
    if not sound:
        raise ArtifactError("refused, holds a tree whose nodes lead out of it")
    return pipelines


def _walkable(model: Any) -> bool:
    """Tell whether every tree is one: each node but the root has one parent before it.

    Then every walk ends at a leaf, inside the arrays, and no way of looking at all of
    a tree takes more steps than it has nodes.
    """
    for (tree,) in model._predictors:  # noqa: SLF001 - there is no public way to them
        nodes = tree.nodes[tree.nodes["is_leaf"] == 0]
        here = np.flatnonzero(tree.nodes["is_leaf"] == 0)
        children = np.stack([nodes["left"], nodes["right"]]).astype(np.int64)
        columns = nodes["feature_idx"]
        inside = (
            len(tree.nodes) > 0
            and (children > here).all()
            and (children < len(tree.nodes)).all()
            and (np.sort(children, axis=None) == np.arange(1, len(tree.nodes))).all()
            and (columns >= 0).all()
            and (columns < model.n_features_in_).all()
            and not nodes["is_categorical"].any()
        )
        if not inside:
            return False
    return True


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
