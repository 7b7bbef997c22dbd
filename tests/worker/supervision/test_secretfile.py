"""Laws of the files that only their owner may read."""

from pathlib import Path

from worker.supervision import secretfile


def test_a_file_is_replaced_and_private(tmp_path: Path) -> None:
    """Whatever mode the file before it had."""
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)

    secretfile.write_json(path, {"password": "new"})

    assert secretfile.read_json(path) == {"password": "new"}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["secret"]


def test_what_is_no_whole_object_is_empty(tmp_path: Path) -> None:
    """A file that is not there, cut short or something else."""
    path = tmp_path / "secret"
    assert secretfile.read_json(path) == {}
    for text in ("", '{"password": "ne', "[1]"):
        path.write_text(text)
        assert secretfile.read_json(path) == {}


def test_a_write_that_was_cut_short_is_no_obstacle(tmp_path: Path) -> None:
    """Its half file is replaced."""
    (tmp_path / "secret.new").write_text("half")

    secretfile.write(tmp_path / "secret", "whole")

    assert (tmp_path / "secret").read_text() == "whole"
