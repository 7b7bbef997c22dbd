"""Real King County houses for the load, drawn from the shipped table with a seed."""

import random
import uuid
from collections.abc import Iterator
from typing import Any

import orjson

from model_store import dataset
from model_store.card import ModelCard
from worker.jobs import Submission

#: Seed of the draw: every run prices the same houses in the same order.
SEED = 20150527
#: Houses drawn; longer runs begin again with the first.
COUNT = 5_000


def draw() -> list[dict[str, Any]]:
    """Return houses as they stand on the wire."""
    sales = dataset.load()
    rows = random.Random(SEED).sample(range(len(sales)), COUNT)
    return [sales.house(row) for row in rows]


def submissions(card: ModelCard, houses: list[dict[str, Any]]) -> Iterator[Submission]:
    """Yield jobs for a queue without end, as the API would make them."""
    texts = [orjson.dumps(house) for house in houses]
    while True:
        for text in texts:
            yield Submission(
                id=str(uuid.uuid4()),
                tenant="benchmark",
                model=card.name,
                version=card.version,
                input=text,
                fingerprint="benchmark",
                idempotency_key=str(uuid.uuid4()),
            )
