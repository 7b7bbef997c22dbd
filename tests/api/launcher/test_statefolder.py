"""Laws of the state folder."""

import os
import subprocess
from pathlib import Path

import pytest

from api.launcher import statefolder
from api.launcher.faults import AlreadyRunning
from api.launcher.statefolder import StateFolder
from worker.supervision import secretfile


def test_a_folder_behind_a_link_is_known_by_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the processes that a killed one left behind could not be named."""
    monkeypatch.setattr(statefolder, "LEFTOVERS_WAIT_S", 0.0)
    (tmp_path / "disk").mkdir()
    (tmp_path / "var").symlink_to(tmp_path / "disk")
    state = StateFolder.prepare(tmp_path / "var")
    with state.locked() as handle:
        child = subprocess.Popen(["sleep", "60"], pass_fds=[handle])
    try:
        # As if its owner had been killed.
        secretfile.write_json(tmp_path / "record", {"pid": _ended()})
        (state.path / "up.lock").write_bytes((tmp_path / "record").read_bytes())
        with pytest.raises(AlreadyRunning) as refused, state.locked():
            pass
    finally:
        child.kill()
        child.wait()

    assert state.path == tmp_path.resolve() / "disk"
    assert f"`kill -9 {child.pid}`" in str(refused.value)


def _ended() -> int:
    with subprocess.Popen(["true"]) as process:
        pass
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
    return process.pid
