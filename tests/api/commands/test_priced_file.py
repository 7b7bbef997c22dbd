"""Laws of a file that grows beside its place."""

from pathlib import Path

import pytest

from api.commands import priced_file
from api.commands.priced_file import PlaceTaken, Table

TABLE = Table(["street", "price", "error"], ",", "")
ROW = ["Alder Street\nrear", 1, ""]
RUN = {"id": "r1"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a place where two rows of a run lie, one of them with an error."""
    with priced_file.owned(tmp_path / "priced.csv") as place:
        place.begin(RUN, TABLE)
        with place.growing() as file:
            TABLE.write_row(file, ROW)
            TABLE.write_row(file, ["Birch Street", None, "no"])
    return tmp_path / "priced.csv"


@pytest.mark.parametrize(
    "torn", ["", "C", "Cedar,1", 'Cedar,1,"half', '"Cedar\n', "Cedar\n", "Cedar,2,é"]
)
def test_whatever_was_cut_off_is_taken_away(path: Path, torn: str) -> None:
    """Also inside a cell of several lines, and in the middle of a character."""
    part = path.with_name("priced.csv.part")
    whole = part.read_bytes()
    part.write_bytes(whole + torn.encode()[:-1])

    with priced_file.owned(path) as place:
        assert place.unfinished() == RUN
        assert place.go_on(TABLE) == (2, 1)
        assert part.read_bytes() == whole


def test_a_header_that_was_cut_off_is_written_again(path: Path) -> None:
    """The machine stopped right after the run had begun."""
    part = path.with_name("priced.csv.part")
    part.write_bytes(b"street,pr")

    with priced_file.owned(path) as place:
        assert place.go_on(TABLE) == (0, 0)

    assert part.read_bytes() == b"street,price,error\n"


def test_a_whole_file_takes_its_place_and_leaves_nothing(path: Path) -> None:
    """With the rights that any new file has, not those of a secret."""
    with priced_file.owned(path) as place:
        place.finish()
    other = path.with_name("other")
    other.touch()

    assert path.read_text().startswith('street,price,error\n"Alder Street\nrear",1,')
    assert path.stat().st_mode == other.stat().st_mode
    other.unlink()
    assert list(path.parent.iterdir()) == [path]


def test_one_process_at_a_time_owns_a_place(path: Path) -> None:
    """The second one is refused, and does no harm."""
    with (
        priced_file.owned(path) as place,
        pytest.raises(PlaceTaken),
        priced_file.owned(path),
    ):
        pass

    assert place is not None
    with priced_file.owned(path) as place:
        assert place.unfinished() == RUN
