"""The file of pipelines: skops, a reviewed list of types, reproducible bytes."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import skops.io
from sklearn.pipeline import Pipeline

from model_store.errors import ArtifactError
from model_store.pipelines import ESTIMATES

#: Types that a model file may hold beside those that skops itself trusts; each was
#: read for what its construction from foreign state can do.
TRUSTED = (
    # Three arrays; sklearn's own prediction code checks no bounds on them, so a file
    # is opened only after its digest was checked.
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    # Three plain values: how the category encoder split the sales while it was fitted.
    "sklearn.model_selection._split.KFold",
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


def load(path: Path) -> tuple[Pipeline, ...]:
    """Read pipelines in the order of `ESTIMATES`.

    Raises:
        ArtifactError: The file holds a type that is not on the list, or is damaged.
    """
    try:
        unknown = set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED)
        if unknown:
            msg = (
                f"{path}: refused, holds types that are not trusted: {sorted(unknown)}"
            )
            raise ArtifactError(msg)
        models = skops.io.load(path, trusted=list(TRUSTED))
        return tuple(models[estimate] for estimate in ESTIMATES)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        msg = f"{path}: not a model file: {error}"
        raise ArtifactError(msg) from error


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
