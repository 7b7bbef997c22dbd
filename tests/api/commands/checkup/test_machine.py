"""What is said of a machine's memory and disk."""

from pathlib import Path

import pytest

from api.commands.checkup import machine
from api.commands.checkup.finding import Status, Target
from api.settings import ApiSettings
from tests.api.commands.checkup.conftest import only


def test_a_disk_that_redis_could_fill_is_told(tmp_path: Path) -> None:
    """The state folder need not be there yet."""
    settings = ApiSettings(state_dir=tmp_path / "a" / "b", embedded_memory="900000gb")

    found = only(machine.check_disk(Target(settings=settings)), "disk")

    assert found.status is Status.WARNING
    assert "KERBSIDE_STATE_DIR" in found.remedy


def test_a_disk_that_another_servers_redis_writes_to_is_none_of_ours(
    tmp_path: Path,
) -> None:
    """Only logs and models come into the state folder then."""
    settings = ApiSettings(
        state_dir=tmp_path, embedded_memory="900000gb", redis_url="redis://x"
    )

    found = only(machine.check_disk(Target(settings=settings)), "disk")

    assert found.status is Status.OK


@pytest.mark.parametrize(
    ("mib", "status"),
    [(100, Status.FAILED), (400, Status.WARNING), (4000, Status.OK)],
)
def test_memory_that_no_worker_fits_into_is_told(
    target: Target, monkeypatch: pytest.MonkeyPatch, mib: int, status: Status
) -> None:
    """What a worker takes is said beside it."""
    monkeypatch.setattr(machine, "_available", lambda: mib * 2**20)

    found = only(machine.check_memory(target), "memory")

    assert found.status is status
    assert found.found.startswith(f"{mib:,} MiB")
