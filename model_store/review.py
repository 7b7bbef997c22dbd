"""A random sample of predictions for a person to review."""

import csv
import hashlib
import heapq
import io
import json
from datetime import UTC, datetime

from defusedcsv import csv as defused

from model_store.archive.archive import Archive
from model_store.archive.predictions import Prediction

_SAID = ("id", "created_at", "model", "version", "currency", "price", "low", "high")
#: What the reviewer fills in.
_ASKED = ("reviewer", "reviewed_on", "own_value", "verdict", "comment")


def draw(archive: Archive, count: int, seed: int, version: str | None) -> list[str]:
    """Return ids of priced predictions, each as likely as any other.

    The same archive and seed give the same ids, in whatever order they were archived;
    what is archived later takes the place of few.

    Args:
        archive: Of which predictions.
        count: How many, at most.
        seed: Another one draws others.
        version: By which they were priced; by default whichever.
    """

    def lot(one: str) -> bytes:
        return hashlib.sha256(f"{seed}:{one}".encode()).digest()

    return heapq.nsmallest(count, archive.predictions.priced_ids(version), key=lot)


def table(archive: Archive, ids: list[str]) -> str:
    """Return a CSV table of predictions, with empty columns for who reviews them."""
    found = archive.predictions.by_ids(ids)
    houses = {one: json.loads(found[one].input) for one in ids if one in found}
    inputs = list(dict.fromkeys(name for house in houses.values() for name in house))
    file = io.StringIO()
    writer = defused.writer(file, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow([*_SAID, *(f"input.{name}" for name in inputs), *_ASKED])
    for one, house in houses.items():
        given = [house.get(name, "") for name in inputs]
        writer.writerow([*_said(found[one]), *given, *("" for _ in _ASKED)])
    return file.getvalue()


def _said(prediction: Prediction) -> list[object]:
    output = json.loads(prediction.output or b"{}")
    made = datetime.fromtimestamp(prediction.created_ms / 1000, UTC)
    interval = output.get("interval", {})
    return [
        prediction.id,
        made.isoformat(timespec="seconds"),
        prediction.model,
        prediction.version,
        output.get("currency"),
        output.get("price"),
        interval.get("low"),
        interval.get("high"),
    ]
