"""`python -m benchmarks.autoscaling.measure`: what simulation and sizing rest on.

CPU seconds are told and not the clock's: they hold on a machine that does other things,
and the jobs a second of a worker that has a core to itself follow from them.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks import machine
from benchmarks.autoscaling import all_roles, one_worker
from benchmarks.programs import ROOT
from model_store.settings import ModelSettings
from model_store.store import ModelStore

#: Where the figures are kept.
FILE = ROOT / "docs" / "scale" / "measured.json"
#: What can be measured on its own.
_PARTS: dict[str, Callable[[Path, ModelStore], dict[str, Any]]] = {
    "worker": one_worker.measured,
    "roles": all_roles.measured,
}


def main() -> int:
    """Measure and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True, help="model store to measure with")
    parser.add_argument(
        "--only", choices=_PARTS, help="measure this part and keep the others' figures"
    )
    options = parser.parse_args()
    found: dict[str, Any] = orjson.loads(FILE.read_bytes()) if options.only else {}
    with tempfile.TemporaryDirectory(prefix="autoscaling-") as folder:
        for name in [options.only] if options.only else _PARTS:
            when = datetime.now(UTC).isoformat(timespec="seconds")
            described = dict(machine.described())
            figures = _PARTS[name](Path(folder), store_of(options.store))
            found[name] = {"began": when, "machine": described, **figures}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
    print(f"Written: {FILE.relative_to(ROOT)}")
    return 0


def store_of(url: str) -> ModelStore:
    """Return a store by its address, trusted as the environment says."""
    settings = ModelSettings.from_env()
    return ModelStore.from_settings(settings.model_copy(update={"store_url": url}))


if __name__ == "__main__":
    sys.exit(main())
