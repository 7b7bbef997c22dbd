"""Encoding, delimiter and lines of a file are what they were written with."""

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_store.errors import DatasetError
from model_store.intake import form

WORDS = st.text(
    st.characters(codec="cp1252", exclude_categories=["C", "Z"]), min_size=1
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=2, max_size=9),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_what_was_written_can_be_read(
    tmp_path: Path, rows: list[tuple[str, ...]], delimiter: str, encoding: str
) -> None:
    """The encoding that is found reads the text that was written."""
    table = [("one", "two", "three"), *rows]
    lines = [
        delimiter.join(f'"{w.replace(chr(34), "")}"' for w in row) for row in table
    ]
    text = "\n".join(lines) + "\n"
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))

    found = form.look(path)

    assert path.read_text(encoding=found.form.encoding) == text
    assert found.form.delimiter == delimiter
    assert found.lines == len(table)


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)],
)
def test_a_packed_file_is_looked_into(
    tmp_path: Path, suffix: str, pack: object
) -> None:
    """What pandas unpacks is unpacked here too."""
    path = tmp_path / f"table.csv{suffix}"
    path.write_bytes(pack(b"a;b\n1;2\n"))  # type: ignore[operator]

    assert form.look(path).form.delimiter == ";"


def test_an_archive_holds_one_table(tmp_path: Path) -> None:
    """Of two files nobody knows which is meant."""
    path = tmp_path / "table.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "a;b\n1;2\n")
    assert form.look(path).form.delimiter == ";"

    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("b.csv", "a;b\n1;2\n")
    with pytest.raises(DatasetError, match="one file in it, got 2"):
        form.look(path)
