"""How the OpenAPI document writes the path of a route."""

import re

_PART = re.compile(r"<(?:\w+:)?(\w+)>")


def of(rule: object) -> str:
    """Return the path of a routing rule, its parts in braces and without converters."""
    return _PART.sub(r"{\1}", str(rule))
