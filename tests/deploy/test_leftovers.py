"""What the tests in containers leave on the machine: nothing."""

from pathlib import Path

from tests.e2e import leftovers


def test_what_an_engine_made_goes_with_it(tmp_path: Path) -> None:
    """Folders, its key, and control groups with those of its containers."""
    (tmp_path / "run").mkdir()
    (tmp_path / "sys/fs/cgroup/memory").mkdir(parents=True)
    before = set(tmp_path.rglob("*"))

    with leftovers.taken_away(tmp_path):
        for made in ("docker/plugins", "containerd/s"):
            (tmp_path / "run" / made).mkdir(parents=True)
        (tmp_path / "sys/fs/cgroup/memory/docker/0123").mkdir(parents=True)
        (tmp_path / "etc/docker").mkdir(parents=True)
        (tmp_path / "etc/docker/key.json").touch()

    assert set(tmp_path.rglob("*")) == before | {tmp_path / "etc"}


def test_what_was_there_or_is_in_use_stays(tmp_path: Path) -> None:
    """Another engine may have run before, or may have begun meanwhile."""
    (tmp_path / "run/docker/plugins").mkdir(parents=True)
    (tmp_path / "run/containerd").mkdir()
    (tmp_path / "etc/docker").mkdir(parents=True)
    (tmp_path / "etc/docker/key.json").touch()
    before = set(tmp_path.rglob("*"))
    socket = tmp_path / "run/containerd/s/in-use"

    with leftovers.taken_away(tmp_path):
        socket.parent.mkdir()
        socket.touch()

    assert set(tmp_path.rglob("*")) == before | {socket, socket.parent}


def test_rules_are_restored_in_every_table_that_an_engine_writes_to() -> None:
    """One that nobody used is not told by iptables-save, and would keep its rules."""
    own = "*filter\n:INPUT DROP [1:60]\n:FORWARD DROP [0:0]\nCOMMIT\n"

    restored = leftovers.with_every_table(own)

    assert restored.startswith(own)
    assert restored.count("*filter\n") == restored.count("*nat\n") == 1
    both = leftovers.with_every_table("")
    assert leftovers.with_every_table(both) == both
