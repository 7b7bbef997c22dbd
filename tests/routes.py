"""The routes of the API, as its document says them."""

from docs import openapi
from worker.credentials import RESERVED


def documented() -> set[str]:
    """Return the paths of all."""
    return set(openapi.document()["paths"])


def of_operators() -> set[str]:
    """Return the paths whose key reaches over all tenants."""
    return {
        path
        for path, operations in openapi.document()["paths"].items()
        for operation in operations.values()
        if any(RESERVED.intersection(one["key"]) for one in operation["security"])
    }
