"""Laws of the client's types."""

import subprocess
import sys
from pathlib import Path

from tests.api.client import typed


def test_another_project_sees_the_types(tmp_path: Path) -> None:
    """Installed, the client is typed, and what it promises holds when it is strict."""
    project = tmp_path / "project.py"
    project.write_text(Path(typed.__file__).read_text(encoding="utf-8"))

    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir=cache", project.name],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )

    assert checked.stdout == "Success: no issues found in 1 source file\n"
