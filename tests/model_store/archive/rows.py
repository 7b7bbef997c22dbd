"""Rows to archive."""

import json
from typing import Any

from model_store.archive.predictions import Prediction

HOUSE = b'{"rooms":3,"zip":"98103"}'
OUTPUT = json.dumps(
    {
        "price": 500_000,
        "currency": "USD",
        "interval": {"low": 400_000, "high": 625_000, "level": 0.9, "method": "m"},
        "fsd": 0.12,
        "in_distribution": True,
        "model": {"version": "v1", "digest": "sha256:aa"},
    }
).encode()


def prediction(number: int = 1, **changes: Any) -> Prediction:
    """Return a prediction that succeeded; the number makes its id and its time."""
    usual: dict[str, Any] = {
        "id": f"00000000-0000-4000-8000-{number:012x}",
        "tenant": "acme",
        "model": "houses",
        "version": "v1",
        "input": HOUSE,
        "state": "succeeded",
        "sequence": 3,
        "created_ms": 1000 * number,
        "output": OUTPUT,
    }
    return Prediction(**usual | changes)
