"""The site, built once for what looks at it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.structure import source


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does, warnings as errors; return its folder."""
    folder = tmp_path_factory.mktemp("site")
    command = ("-m", "sphinx", "-b", "html", "-d", str(folder / "doctrees"), "-nWq")
    subprocess.run(
        [sys.executable, *command, "--keep-going", "docs", str(folder / "html")],
        cwd=source.ROOT,
        check=True,
    )
    return folder / "html"
