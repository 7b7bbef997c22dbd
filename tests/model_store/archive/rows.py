"""Rows to archive."""

import json
from typing import Any

from model_store.archive.predictions import Prediction
from model_store.archive.shadows import Shadow

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


def shadow(prediction_id: str) -> Shadow:
    """Return what a challenger said of a prediction."""
    return Shadow(
        prediction_id=prediction_id,
        version="v2",
        made_ms=1000,
        price=505_000,
        low=405_000,
        high=630_000,
        level=0.9,
        fsd=0.11,
        in_distribution=True,
        served_version="v1",
        served_price=500_000,
    )
