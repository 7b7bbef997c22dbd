"""The targets of batches, and the measured figures in words."""

import statistics
from collections.abc import Callable

from api.client.batches import NDJSON
from benchmarks.beside import Beside
from benchmarks.bulk import Bulk, Round
from benchmarks.pace import p95
from benchmarks.report import Details, Finding

#: Targets, each of which is a line of the design.
SHARE = 0.9
REDIS_BYTES = 2_000_000
BESIDE_RATIO = 2.0

_NOTES = (
    """One process: the worker's model prices houses that are there already, a chunk \
of them in one call, and makes the line of each that the worker writes. No row is \
read or checked, no line is kept.""",
    """Worker: all that its process takes from the first byte of the body until the \
batch has ended: it reads rows from files, checks, prices and writes them, and tells \
the ledger.""",
    """API: while it takes the body. Batches and the one process alternate, and gave \
the same outputs.""",
)


def of_bulk(seen: Bulk) -> tuple[Finding, Finding, Details]:
    """Judge what a batch takes of its worker, and of Redis."""
    share = seen.median(NDJSON, lambda one: one.share)
    limit = seen.median(NDJSON, lambda one: one.limit_us)
    worker = seen.median(NDJSON, lambda one: one.worker_us)
    cost = Finding(
        f"rows per CPU-second in the worker, a batch of {seen.rows:,} as JSON lines, "
        "against the same houses priced in one process",
        ">= 90 %",
        f"{100 * share:.0f} % ({worker:.0f} us against {limit:.0f} us CPU a row)",
        share >= SHARE,
    )
    memory = Finding(
        f"memory of Redis for a batch of {seen.rows:,} rows, at its peak",
        "<= 2 MB",
        f"{seen.redis_bytes / 1e6:.2f} MB",
        seen.redis_bytes <= REDIS_BYTES,
    )
    rows = [_row(seen, form) for form in seen.rounds]
    columns = (
        "CPU us a row",
        "API",
        "worker",
        "Redis",
        "one process",
        "share",
        "rows/s",
    )
    details = Details(f"Batches of {seen.rows:,} rows", columns, rows, notes=_NOTES)
    return cost, memory, details


def of_beside(seen: Beside) -> Finding:
    """Judge what a batch costs those who wait for a price."""
    idle = statistics.median(p95(one.idle_ms) for one in seen.rounds)
    busy = statistics.median(p95(one.busy_ms) for one in seen.rounds)
    return Finding(
        f"submit to price, p95, while a batch of {seen.rows:,} rows runs on the same "
        "cores, against idle",
        "<= 2 x",
        f"{seen.ratio:.2f} x ({busy:.1f} ms against {idle:.1f} ms, less the client's "
        "own CPU)",
        seen.ratio <= BESIDE_RATIO,
    )


def _row(seen: Bulk, form: str) -> tuple[str, ...]:
    costs: tuple[Callable[[Round], float], ...] = (
        lambda one: one.api_us,
        lambda one: one.worker_us,
        lambda one: one.redis_us,
        lambda one: one.limit_us,
    )
    return (
        form,
        *(f"{seen.median(form, cost):.1f}" for cost in costs),
        f"{100 * seen.median(form, lambda one: one.share):.0f} %",
        f"{seen.median(form, lambda one: one.rows_per_s):,.0f}",
    )
