"""A definition as its file holds it: what is to be filled in stands there, empty."""

import json
from dataclasses import asdict
from typing import Any

from model_store.definition import Definition
from model_store.schema import Feature
from model_store.table_form import TableForm

_UNIT = {"number": ("unit",), "integer": ("unit",)}


def written(definition: Definition) -> str:
    """Return the text of a definition's file."""
    form = asdict(definition.form)
    usual = asdict(TableForm())
    record: dict[str, Any] = {
        "name": definition.name,
        "title": definition.title,
        "source": definition.source,
        "licence": definition.licence,
        "table": definition.table,
        "form": {key: value for key, value in form.items() if value != usual[key]},
        "currency": definition.currency,
        "target": definition.target,
        "date": definition.date,
        **({"id": definition.id} if definition.id else {}),
        "features": [_feature(one) for one in definition.features],
        "left_out": definition.left_out,
        **({"kept": definition.kept} if definition.kept else {}),
    }
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def _feature(feature: Feature) -> dict[str, Any]:
    record = asdict(feature)
    # A unit that is not known stands there to be filled in.
    asked = ("name", "kind", "description", *_UNIT.get(feature.kind, ()))
    rest = {k: v for k, v in record.items() if v is not None and v is not True}
    return {key: record[key] for key in asked} | rest
