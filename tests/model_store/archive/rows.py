"""Rows to archive."""

import datetime as dt
import json
from typing import Any

from sqlalchemy import select

from model_store.archive import tables
from model_store.archive.archive import Archive
from model_store.archive.audit import AuditEntry
from model_store.archive.prediction import Prediction, house_hash
from model_store.archive.property import Property
from model_store.archive.shadow import Shadow
from model_store.archive.valuation import Valuation

DAY = dt.date(2026, 3, 1)
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


def a_property(which: str, **changes: Any) -> Property:
    """Return a property."""
    usual: dict[str, Any] = {
        "tenant": "acme",
        "id": which,
        "model": "houses",
        "input": HOUSE,
        "created_ms": 1000,
        "updated_ms": 1000,
    }
    return Property(**usual | changes)


def valuation(which: str, number: int = 1, **changes: Any) -> Valuation:
    """Return a valuation of a property; the number makes its source and its time."""
    usual: dict[str, Any] = {
        "tenant": "acme",
        "property_id": which,
        "source_id": f"00000000-0000-4000-8000-{number:012x}",
        "valued_ms": 1000 * number,
        "model": "houses",
        "version": "v1",
        "input_digest": house_hash(HOUSE),
        "output": OUTPUT,
    }
    return Valuation(**usual | changes)


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


def shadows(archive: Archive) -> list[Shadow]:
    """Return all that challengers said, the oldest first."""
    table = tables.shadows
    columns = [table.c[name] for name in Shadow.__dataclass_fields__]
    query = select(*columns).order_by(
        table.c.made_ms, table.c.prediction_id, table.c.version
    )
    return [Shadow(*row) for row in archive.database.stream(query)]


def actions(archive: Archive) -> list[AuditEntry]:
    """Return all that operators did, the oldest first."""
    table = tables.audit
    columns = [table.c[name] for name in AuditEntry.__dataclass_fields__]
    query = select(*columns).order_by(table.c.time_ms)
    told = [dict(row._mapping) for row in archive.database.stream(query)]  # noqa: SLF001 -- public, named so
    return [
        AuditEntry(**one | {"targets": tuple(json.loads(one["targets"]))})
        for one in told
    ]
