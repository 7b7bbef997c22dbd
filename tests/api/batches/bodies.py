"""What tests send as a batch, and how they read what comes back."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

from api.settings import ApiSettings
from worker.batch_files import BatchFiles

PATH = "/v1/batches"
NDJSON, CSV, JSON = "application/x-ndjson", "text/csv", "application/json"

Post = Callable[..., Any]
Work = Callable[..., int]
House = dict[str, Any]


def rows(house: House, number: int, **changes: Any) -> list[dict[str, Any]]:
    """Return rows that are alike but for their names."""
    return [
        {"custom_id": f"row-{one}", "input": {**house, **changes}}
        for one in range(1, number + 1)
    ]


def lines(*documents: Any) -> str:
    """Return JSON lines."""
    return "".join(json.dumps(one) + "\n" for one in documents)


def table(house: House, *names: str, **changes: Any) -> str:
    """Return a CSV table of houses that are alike but for their names."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["custom_id", *house])
    writer.writerows([name, *(house | changes).values()] for name in names)
    return text.getvalue()


def read(answer: Any) -> list[dict[str, Any]]:
    """Return the documents of JSON lines."""
    assert answer.status_code == 200, answer.data
    assert answer.content_type == NDJSON
    return [json.loads(line) for line in answer.data.splitlines()]


def files_of(settings: ApiSettings) -> list[str]:
    """Return the folders of batches that there are."""
    return BatchFiles(str(settings.batches_url)).ids()
