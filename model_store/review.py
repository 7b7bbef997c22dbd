"""A random sample of predictions for a person to review."""

import csv
import hashlib
import heapq
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from defusedcsv import csv as defused

from model_store import strata
from model_store.archive.archive import Archive
from model_store.archive.prediction import Prediction
from model_store.strata import Strata

#: How a sample is shared out: to each stratum alike, or as many predictions as it has.
Allocation = Literal["proportional", "equal"]

_SAID = ("id", "created_at", "model", "version", "currency", "price", "low", "high")
#: By which a reviewer's figures are brought back to all predictions.
_DRAWN = ("stratum", "weight")
#: What the reviewer fills in.
_ASKED = ("reviewer", "reviewed_on", "own_value", "verdict", "comment")


@dataclass(frozen=True, slots=True)
class Part:
    """What was drawn of one stratum.

    Attributes:
        stratum: Its name; empty where there is only one.
        predictions: How many there are.
        ids: Of those that were drawn.
    """

    stratum: str
    predictions: int
    ids: Sequence[str]


def draw(
    archive: Archive,
    count: int,
    seed: int,
    version: str | None,
    *,
    by: str | None = None,
    allocation: Allocation = "proportional",
) -> list[Part]:
    """Return a sample of priced predictions; in a stratum each is as likely as another.

    The same archive and seed give the same ids, in whatever order they were archived;
    what is archived later takes the place of few.

    Args:
        archive: Of which predictions.
        count: How many, at most.
        seed: Another one draws others.
        version: By which they were priced; by default whichever.
        by: Category of the houses, or `strata.PRICE_QUINTILE`; by default all
            predictions are one stratum.
        allocation: How many of each stratum.

    Raises:
        ArchiveError: There is no such category, or it has more values than `count`.
    """
    found = strata.of(archive, version, by)
    sizes = {name: len(ids) for name, ids in found.items()}
    if allocation == "equal":
        strata.expect_enough(sizes, count, by)
        shares = strata.equal(sizes, count)
    else:
        shares = strata.proportional(sizes, count)
    return _parts(found, shares, seed)


def _parts(found: Strata, shares: Mapping[str, int], seed: int) -> list[Part]:
    def lot(one: str) -> bytes:
        return hashlib.sha256(f"{seed}:{one}".encode()).digest()

    return [
        Part(name, len(ids), heapq.nsmallest(shares[name], ids, key=lot))
        for name, ids in found.items()
    ]


def table(archive: Archive, parts: Sequence[Part]) -> str:
    """Return a CSV table of predictions, with empty columns for who reviews them."""
    drawn = {one: part for part in parts for one in part.ids}
    found = archive.predictions.by_ids(list(drawn))
    houses = {one: json.loads(found[one].input) for one in drawn if one in found}
    inputs = list(dict.fromkeys(name for house in houses.values() for name in house))
    file = io.StringIO()
    writer = defused.writer(file, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    head = [*_SAID, *_DRAWN, *(f"input.{name}" for name in inputs), *_ASKED]
    writer.writerow(head)
    for one, house in houses.items():
        part = drawn[one]
        weight = round(part.predictions / len(part.ids), 4)
        given = [house.get(name, "") for name in inputs]
        said = [*_said(found[one]), part.stratum, weight]
        writer.writerow([*said, *given, *("" for _ in _ASKED)])
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
