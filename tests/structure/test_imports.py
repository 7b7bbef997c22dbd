"""Imports run one way, and the API process stays light."""

import graphlib
import subprocess
import sys

import grimp
import pytest

from tests.structure import source

#: What costs an API process two seconds and 120 MiB if anything imports it.
MODEL_STACK = ("joblib", "numpy", "pandas", "scipy", "shap", "skops", "sklearn")
#: What costs 16 MiB and a quarter of a second, and serves an archive alone.
ARCHIVE_STACK = ("alembic", "psycopg", "sqlalchemy")
#: What each worker loads, of whatever lane: its tasks, and the steps of all lanes.
WORKER = """\
import sys
from kombu.utils.imports import symbol_by_name
from worker.celery import app
app.loader.import_default_modules()
steps = [symbol_by_name(step) for step in app.steps["worker"]]
assert steps
print(*sys.modules)
"""


def test_no_module_imports_itself_through_others() -> None:
    """There is no import cycle, lazy and typing-only imports counted."""
    graph = grimp.build_graph(*source.PACKAGES, cache_dir=None)
    imports = {
        module: graph.find_modules_directly_imported_by(module)
        for module in graph.modules
    }

    # Raises CycleError, which names the circle.
    order = list(graphlib.TopologicalSorter(imports).static_order())

    assert set(order) == graph.modules


def _loaded_by(code: str) -> list[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=source.ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()


def _loaded_with(module: str) -> list[str]:
    return _loaded_by(f"import sys, {module}; print(*sys.modules)")


@pytest.mark.parametrize("module", ["api.app", "api.cli"])
def test_who_may_have_no_archive_loads_nothing_that_reads_one(module: str) -> None:
    """It is loaded where it is first needed."""
    loaded = _loaded_with(module)

    assert [name for name in ARCHIVE_STACK if name in loaded] == []


def test_a_worker_loads_nothing_that_reads_an_archive_until_it_must() -> None:
    """Those that price houses never do."""
    loaded = _loaded_by(WORKER)

    assert [name for name in ARCHIVE_STACK if name in loaded] == []


@pytest.mark.parametrize("module", ["api.app", "api.cli", "worker.queue"])
def test_the_front_half_loads_no_model_stack(module: str) -> None:
    """What the API process and the command line import stays light."""
    loaded = _loaded_with(module)

    assert [name for name in MODEL_STACK if name in loaded] == []
