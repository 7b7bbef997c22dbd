"""The page of schemas: every field of every body, from the OpenAPI document."""

from typing import Any

from docs.markdown import table
from docs.openapi import document

_OPENING = """\
# JSON schemas

What bodies hold, as `/openapi.json` of a running service describes it.
This page is made from the code: `make docs` writes it.

Every model version carries the schema of its own houses; `GET /v1/models/{version}/schema` shows it.
`House` on this page is that of the shipped data set.
"""

#: Constraint in JSON Schema -> how it is told.
_CONSTRAINTS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "minLength": "{} characters or more",
    "maxLength": "at most {} characters",
    "maxItems": "at most {} elements",
    "maxProperties": "at most {} fields",
    "pattern": "matches `{}`",
}


def render() -> str:
    """Return the page in Markdown."""
    schemas = document()["components"]["schemas"]
    return _OPENING + "".join(_section(name, schemas[name]) for name in sorted(schemas))


def kind_of(schema: dict[str, Any]) -> str:
    """Return the type of a value in words."""
    return " or ".join(dict.fromkeys(map(_kind, _alternatives(schema))))


def _section(name: str, schema: dict[str, Any]) -> str:
    if "properties" not in schema:
        return f"\n## {name}\n\n{schema['description']} It is {kind_of(schema)}.\n"
    required = set(schema.get("required", ()))
    rows = [
        (f"`{field}`", kind_of(one), "" if field in required else "no", _meaning(one))
        for field, one in schema["properties"].items()
    ]
    about = schema.get("description", "")
    columns = ("field", "type", "required", "meaning")
    return f"\n## {name}\n\n{about}\n\n" + table(columns, rows)


def _alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a value may be, each with one type at most."""
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return [{**schema, "type": kind} for kind in kinds]
    found: list[dict[str, Any]] = schema.get("anyOf", [schema])
    return found


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[`{name}`](#{name.lower()})"
    if values := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return ", ".join(f'`"{value}"`' for value in values)
    kind: str = schema.get("type", "any")
    if kind == "array" and "items" in schema:
        return f"array of {kind_of(schema['items'])}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {kind_of(schema['additionalProperties'])}"
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _meaning(schema: dict[str, Any]) -> str:
    branches = [schema, *schema.get("anyOf", ())]
    limits = [
        words.format(branch[name])
        for name, words in _CONSTRAINTS.items()
        for branch in branches
        if name in branch
    ]
    told = ", ".join(limits)
    about = schema.get("description", "")
    return f"{about} {told[:1].upper()}{told[1:]}.".strip() if told else about
