"""The laws of how many connections a process holds."""

import resource

import pytest

from api import connections


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, int]]:
    """Return the limits of open files, which only the test sees."""
    held = {"files": (1024, 524_288)}
    monkeypatch.setattr(resource, "getrlimit", lambda _: held["files"])
    monkeypatch.setattr(
        resource, "setrlimit", lambda _, to: held.__setitem__("files", to)
    )
    return held


@pytest.mark.parametrize(
    ("files", "capacity", "after"),
    [
        ((1024, 524_288), 4096, (4352, 524_288)),
        ((1024, 1024), 768, (1024, 1024)),
        ((65_536, 65_536), 4096, (65_536, 65_536)),
        ((1024, resource.RLIM_INFINITY), 4096, (4352, resource.RLIM_INFINITY)),
        ((resource.RLIM_INFINITY,) * 2, 4096, (resource.RLIM_INFINITY,) * 2),
        ((100, 100), 1, (100, 100)),
    ],
)
def test_a_process_holds_what_it_has_files_for(
    limits: dict[str, tuple[int, int]],
    files: tuple[int, int],
    capacity: int,
    after: tuple[int, int],
) -> None:
    """As many as are wanted where the machine lets it, and room is made for them."""
    limits["files"] = files

    connections.make_room()

    assert connections.capacity() == capacity
    assert limits["files"] == after
