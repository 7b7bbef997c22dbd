"""Laws of the examples: each of them runs, on a real installation."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from api.settings import child_environment
from model_store.store import ModelStore
from tests.structure import source
from tests.system import installation
from worker import connection
from worker.credentials import ApiKeys
from worker.supervision import ports

EXAMPLES = source.ROOT / "examples"
#: Run each cell, and fail with the fault of the first that fails.
RUN_NOTEBOOK = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""
#: Notes the idempotency key of each call, and loses the answer to the first.
FRAIL_CURL = """#!/bin/sh
is_first=$(test -e "$CALLS" || echo yes)
for word; do case $word in Idempotency-Key:*) key=${{word#*: }} ;; esac; done
echo "${{key:-none}}" >> "$CALLS"
test -z "$is_first" && exec {curl} "$@"
{curl} "$@" > /dev/null
exit 52
"""


@pytest.fixture(scope="module")
def environment(
    store: ModelStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, str]]:
    """Return the environment of a reader beside an API with a worker."""
    folder = tmp_path_factory.mktemp("examples")
    with installation.running(folder / "var", store) as place:
        place.start(place.stack.api())
        for worker in place.stack.prediction_workers():
            place.start(worker)
        with connection.connect(place.redis.url, role="worker") as server:
            token, _ = ApiKeys(server).create(tenant="a", scopes=["predict", "read"])
        yield child_environment(
            KERBSIDE_URL=f"http://{ports.LOOPBACK}:{place.stack.port}",
            KERBSIDE_API_KEY=token,
            # Nothing of the notebook's kernel is kept.
            HOME=str(folder),
            IPYTHONDIR=str(folder / "ipython"),
            MPLCONFIGDIR=str(folder / "matplotlib"),
            PYTHONPATH=str(source.ROOT),
        )


def _printed(environment: Mapping[str, str], *command: str | Path) -> str:
    done = subprocess.run(
        command, env=dict(environment), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_script_prices_a_house(environment: Mapping[str, str]) -> None:
    """With the Python client."""
    told = _printed(environment, sys.executable, EXAMPLES / "price_a_house.py")

    assert re.search(r"Price: +[\d,]+ USD\nRange: +[\d,]+ to [\d,]+\n", told)


def test_the_shell_script_prices_a_house(environment: Mapping[str, str]) -> None:
    """With curl."""
    told = _printed(environment, "sh", EXAMPLES / "price_a_house.sh")

    assert re.fullmatch(r"Price: \d+\n", told)


@pytest.fixture
def frail(environment: Mapping[str, str], tmp_path: Path) -> dict[str, str]:
    """Return an environment whose first curl sends its request and gets no answer."""
    (tmp_path / "curl").write_text(FRAIL_CURL.format(curl=shutil.which("curl")))
    (tmp_path / "curl").chmod(0o755)
    path = f"{tmp_path}:{environment['PATH']}"
    return {**environment, "PATH": path, "CALLS": str(tmp_path / "calls")}


def test_the_shell_script_survives_a_lost_answer(frail: dict[str, str]) -> None:
    """It submits the same again, and that is the same prediction."""
    told = _printed(frail, "sh", EXAMPLES / "price_a_house.sh")

    assert re.fullmatch(r"Price: \d+\n", told)
    first, second, *_ = Path(frail["CALLS"]).read_text().split()
    assert first == second


def test_the_shell_script_repeats_no_request_that_is_refused(
    frail: dict[str, str],
) -> None:
    """It says at once what was wrong, in the words of the API."""
    Path(frail["CALLS"]).write_text("x\n")
    done = subprocess.run(
        ["sh", EXAMPLES / "price_a_house.sh"],
        env=frail | {"KERBSIDE_API_KEY": "kb_nothing"},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert json.loads(done.stderr)["title"] == "API key not valid"
    assert len(Path(frail["CALLS"]).read_text().split()) == 2


def test_the_javascript_prices_a_house(environment: Mapping[str, str]) -> None:
    """With the fetch of Node."""
    node = shutil.which("node")
    if node is None and "CI" not in environment:
        pytest.skip("there is no Node here")
    assert node, "CI runs every example"

    told = _printed(environment, node, EXAMPLES / "price_a_house.mjs")

    assert re.fullmatch(r"Price: \d+ USD\nRange: \d+ to \d+\n", told)


def test_the_notebook_prices_a_portfolio(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    """Every cell runs; the last table has prices and the plot is there."""
    done = tmp_path / "done.ipynb"

    notebook = EXAMPLES / "portfolio.ipynb"
    _printed(environment, sys.executable, "-c", RUN_NOTEBOOK, notebook, done)

    outputs = [
        output
        for cell in json.loads(done.read_text())["cells"]
        for output in cell.get("outputs", ())
    ]
    kinds = {kind for output in outputs for kind in output.get("data", ())}
    assert {"text/html", "image/png"} <= kinds


def test_the_notebook_is_kept_without_outputs() -> None:
    """What it prints is of whoever runs it."""
    cells = json.loads((EXAMPLES / "portfolio.ipynb").read_text())["cells"]

    kept = [(one.get("outputs"), one.get("execution_count")) for one in cells]
    assert [one for one in kept if any(one)] == []


def test_every_example_is_listed() -> None:
    """A reader of the folder's page meets each of them."""
    page = (EXAMPLES / "README.md").read_text()
    files = {path.name for path in EXAMPLES.iterdir() if path.is_file()}

    assert {name for name in files if f"({name})" not in page} == {"README.md"}
