"""Imports run one way, and the API process stays light."""

import graphlib
import subprocess
import sys

import grimp
import pytest

from tests.structure import source

#: What costs an API process two seconds and 120 MiB if anything imports it.
MODEL_STACK = ("joblib", "numpy", "pandas", "scipy", "shap", "skops", "sklearn")


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


def _loaded_with(module: str) -> list[str]:
    code = f"import sys, {module}; print(*sys.modules)"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=source.ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()


@pytest.mark.parametrize(
    "module", ["api.cli", "worker.archivist", "worker.dead_letters", "worker.listing"]
)
def test_who_may_have_no_archive_loads_nothing_that_reads_one(module: str) -> None:
    """It is loaded where it is first needed."""
    assert "sqlalchemy" not in _loaded_with(module)


@pytest.mark.parametrize("module", ["api.app", "api.cli", "worker.queue"])
def test_the_front_half_loads_no_model_stack(module: str) -> None:
    """What the API process and the command line import stays light."""
    loaded = _loaded_with(module)

    assert [name for name in MODEL_STACK if name in loaded] == []
