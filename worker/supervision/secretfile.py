"""Small files that only their owner may read, written whole or not at all."""

import json
import os
from pathlib import Path
from typing import Any


def write(path: Path, text: str) -> None:
    """Replace a file by one of mode 0600 with this text."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    # The mode is set when the file is made: it is never readable by others.
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    fresh.replace(path)


def write_json(path: Path, record: dict[str, Any]) -> None:
    """Replace a file by one of mode 0600 with this JSON object."""
    write(path, json.dumps(record, indent=1) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a file, or an empty one if there is no whole one."""
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
