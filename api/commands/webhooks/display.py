"""How endpoints and deliveries are told, to programs and to people."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from worker.webhooks.deliveries import Delivery
from worker.webhooks.endpoints import Endpoint


def endpoint_record(endpoint: Endpoint) -> dict[str, Any]:
    """Return the JSON of an endpoint, without its secrets."""
    return {"tenant": endpoint.tenant, **endpoint.public()}


def endpoint_table(endpoints: Iterable[Endpoint]) -> Table:
    """Return a line for each endpoint."""
    table = Table("id", "tenant", "url", "events", "state", "pending", box=None)
    for one in endpoints:
        row = (one.id, one.tenant, one.url, " ".join(one.events), _state(one))
        table.add_row(*map(escape, row), f"{one.pending:,}")
    return table


def delivery_table(deliveries: Iterable[Delivery]) -> Table:
    """Return a line for each delivery, with its last attempt."""
    columns = ("id", "type", "prediction", "created", "state", "tries", "last answer")
    table = Table(*columns, box=None)
    for one in deliveries:
        told = one.public()
        row = (one.id, one.type, one.subject or "-", _minute(told["created_at"]))
        tries = str(len(one.attempts))
        table.add_row(*map(escape, (*row, told["status"], tries, _last(told))))
    return table


def details(record: Mapping[str, Any]) -> RenderableType:
    """Return a line for each field of a record."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in record.items():
        told = " ".join(value) if isinstance(value, list) else value
        table.add_row(Text(name, "bold"), Text("-" if told is None else str(told)))
    return table


def last_answer(delivery: Delivery) -> str:
    """Return what the receiver answered last, in some words."""
    return _last(delivery.public())


def _state(endpoint: Endpoint) -> str:
    if not endpoint.enabled:
        return f"disabled, {endpoint.disabled_reason or 'by_client'}"
    return "failing" if endpoint.failing_since_ms else "enabled"


def _last(told: Mapping[str, Any]) -> str:
    if not told["attempts"]:
        return "none yet"
    last = told["attempts"][-1]
    return str(last["error"] or last["status_code"])


def _minute(instant: str) -> str:
    return instant[:16].replace("T", " ")
