"""Where Prometheus finds the workers of an installation on one machine."""

import json
from collections.abc import Mapping
from dataclasses import replace

from api.launcher.faults import StateFolderUnusable
from api.launcher.stack import Stack
from api.launcher.statefolder import StateFolder
from worker.supervision import ports


def with_ports(stack: Stack) -> Stack:
    """Give each worker a free port for its figures, and note them for Prometheus.

    Raises:
        StateFolderUnusable: They cannot be noted.
    """
    names = [worker.name for worker in stack.workers()]
    found = dict(zip(names, ports.find_some_free(len(names)), strict=True))
    _note(stack.state, found)
    return replace(stack, metrics_ports=found)


def _note(state: StateFolder, found: Mapping[str, int]) -> None:
    """Write ports down as Prometheus's `file_sd_configs` read them."""
    targets = [
        {"targets": [f"{ports.LOOPBACK}:{port}"], "labels": {"worker": name}}
        for name, port in found.items()
    ]
    path = state.metrics_targets
    fresh = path.with_name(path.name + ".new")
    try:
        # Whole, or as it was: Prometheus may be reading it.
        fresh.write_text(json.dumps(targets, indent=1) + "\n", encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise StateFolderUnusable(f"{path}: {error.strerror}.") from error
