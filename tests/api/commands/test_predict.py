"""Laws of `kerbside predict`, up to what only real processes show."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.commands.conftest import Predict, Write, read
from worker.supervision import lockfile


def test_every_row_comes_back_with_its_price(
    predict: Predict, write: Write, worker: None, tmp_path: Path
) -> None:
    """In order, with all its cells, and with all that belongs to the price."""
    houses, output = write(300), tmp_path / "priced.csv"

    done = predict(houses, "-o", output)

    assert done.exit_code == 0, done.stderr
    assert "300 of 300 houses priced" in done.stdout
    assert "passed through: id" in done.stderr
    rows = read(output)
    before = read(houses)
    assert [{name: row[name] for name in before[0]} for row in rows] == before
    assert list(rows[0])[len(before[0]) :] == [
        *("price", "low", "high", "currency", "level", "fsd", "confidence"),
        *("in_distribution", "flags", "model_version", "prediction_id", "error"),
    ]
    assert (rows[0]["price"], rows[0]["in_distribution"]) == ("612000", "true")
    assert len({row["prediction_id"] for row in rows}) == 300
    assert sorted(path.name for path in tmp_path.glob("priced*")) == ["priced.csv"]


def test_a_summary_is_told_to_programs(
    predict: Predict, write: Write, worker: None, tmp_path: Path
) -> None:
    """One JSON object on stdout."""
    done = predict(write(2), "-o", tmp_path / "priced.csv", "--json")

    told = json.loads(done.stdout)
    counts = {name: told[name] for name in ("houses", "priced", "failed", "resumed_at")}
    assert counts == {"houses": 2, "priced": 2, "failed": 0, "resumed_at": 0}
    assert told["passed_through"] == ["id"]


def test_a_stream_becomes_a_stream(
    predict: Predict, write: Write, worker: None
) -> None:
    """From stdin to stdout, and nothing else on stdout."""
    text = write(2).read_text()

    done = predict("-", stdin=text)

    assert done.exit_code == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["price"] for row in rows] == ["612000"] * 2


@pytest.mark.parametrize(("delimiter", "mark"), [(";", "\ufeff"), ("\t", "")])
def test_a_file_is_written_as_it_was_read(
    predict: Predict,
    write: Write,
    worker: None,
    tmp_path: Path,
    delimiter: str,
    mark: str,
) -> None:
    """What parts its cells is found out; a byte order mark comes back."""
    output = tmp_path / "priced.csv"

    done = predict(write(2, delimiter, mark), "-o", output)

    assert done.exit_code == 0, done.stderr
    assert [row["price"] for row in read(output, delimiter)] == ["612000"] * 2
    assert output.read_text(encoding="utf-8").startswith(mark + "id")


def test_a_refused_house_does_not_lose_the_others(
    predict: Predict, write: Write, worker: None, tmp_path: Path
) -> None:
    """Its row says why; the exit code says that there is one."""
    houses, output = write(3), tmp_path / "priced.csv"
    lines = houses.read_text().splitlines()
    first = lines[0].split(",").index("bedrooms")
    cells = lines[2].split(",")
    cells[first] = "three"
    houses.write_text("\n".join([lines[0], lines[1], ",".join(cells), lines[3]]))

    done = predict(houses, "-o", output)

    assert done.exit_code == 8
    assert "2 of 3 houses priced" in done.stdout
    rows = read(output)
    assert [row["price"] for row in rows] == ["612000", "", "612000"]
    assert "/input/bedrooms" in rows[1]["error"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: "", "is empty: its first line must name columns"),
        (lambda text: text.replace("id,", "grade,", 1), "two columns are called"),
        (lambda text: text + "1,2,3\n", "line 5: 3 cells where the first line has"),
        (lambda text: text + '"1\n', "line 5: unexpected end of data"),
        (lambda text: text.replace("grade", "size", 1), "No column 'grade': "),
        (
            lambda text: text.replace("sqft_lot15", "SQFT_lot_15", 1),
            "No column 'sqft_lot15', but 'SQFT_lot_15': rename it.",
        ),
        (
            lambda text: text.replace("id,", "price,", 1),
            "has a column 'price' already: say --prefix",
        ),
    ],
)
def test_a_wrong_file_is_told_before_anything_is_submitted(
    predict: Predict,
    write: Write,
    submitted: Callable[[], int],
    tmp_path: Path,
    change: Callable[[str], str],
    message: str,
) -> None:
    """By what is wrong and where; nothing is left behind."""
    houses = write(3)
    houses.write_text(change(houses.read_text()))

    done = predict(houses, "-o", tmp_path / "priced.csv")

    assert done.exit_code == 2
    assert message in done.stderr
    assert submitted() == 0
    assert list(tmp_path.glob("priced*")) == []


def test_a_file_in_another_encoding_is_told(
    predict: Predict, write: Write, tmp_path: Path
) -> None:
    """With the line and the way out."""
    houses = write(2)
    houses.write_bytes(houses.read_bytes() + "Zürich".encode("latin-1"))

    done = predict(houses, "-o", tmp_path / "priced.csv")

    assert (done.exit_code, "line 4: not UTF-8" in done.stderr) == (2, True)


def test_a_prefix_keeps_the_files_own_price(
    predict: Predict, write: Write, worker: None, tmp_path: Path
) -> None:
    """What a house was sold for stands beside what it is worth."""
    output = tmp_path / "priced.csv"

    done = predict(write(1, price=5), "-o", output, "--prefix", "predicted_")

    assert done.exit_code == 0, done.stderr
    (row,) = read(output)
    assert (row["price"], row["predicted_price"]) == ("5", "612000")


def test_an_output_that_is_there_is_kept(
    predict: Predict, write: Write, worker: None, tmp_path: Path
) -> None:
    """Unless it is said that it may go."""
    houses, output = write(1), tmp_path / "priced.csv"
    output.write_text("precious")

    refused = predict(houses, "-o", output)
    kept = output.read_text()
    done = predict(houses, "-o", output, "--overwrite")

    assert (refused.exit_code, kept) == (2, "precious")
    assert "say --overwrite" in refused.stderr
    assert done.exit_code == 0
    assert len(read(output)) == 1


def test_an_interrupted_run_goes_on_where_it_was(
    predict: Predict, interrupted: Path, tmp_path: Path, submitted: Callable[[], int]
) -> None:
    """A row that was cut off is mended, and no house is priced twice."""
    done = predict(tmp_path / "houses.csv", "-o", interrupted, "--json")

    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["resumed_at"] == 40
    rows = read(interrupted)
    assert [row["id"] for row in rows] == [str(number) for number in range(100)]
    assert len({row["prediction_id"] for row in rows}) == 100
    assert submitted() == 100
    assert sorted(path.name for path in tmp_path.glob("priced*")) == ["priced.csv"]


def test_a_run_of_another_file_is_not_gone_on_with(
    predict: Predict, write: Write, interrupted: Path, tmp_path: Path
) -> None:
    """Its rows would be mixed; the message says what differs and what to do."""
    other = predict(write(99), "-o", interrupted)
    prefixed = predict(write(100), "-o", interrupted, "--prefix", "my_")
    anew = predict(write(99), "-o", interrupted, "--overwrite")

    assert (other.exit_code, prefixed.exit_code) == (2, 2)
    assert "its input differs" in other.stderr
    assert "its columns differs" in prefixed.stderr
    assert anew.exit_code == 0
    assert len(read(interrupted)) == 99


def test_two_commands_do_not_write_one_file(
    predict: Predict, write: Write, tmp_path: Path
) -> None:
    """The second one is told."""
    assert lockfile.acquire(tmp_path / "priced.csv.run")

    done = predict(write(1), "-o", tmp_path / "priced.csv")

    assert done.exit_code == 2
    assert "Another process writes" in done.stderr


def test_a_summary_does_not_mix_with_the_rows(predict: Predict, write: Write) -> None:
    """Stdout is for one of them."""
    done = predict(write(1), "--json")

    assert done.exit_code == 2
    assert "--json needs -o" in done.stderr


def test_a_link_stays_a_link(
    predict: Predict, write: Write, worker: None, tmp_path: Path
) -> None:
    """The file that it names is replaced."""
    output, target = tmp_path / "link.csv", tmp_path / "priced.csv"
    target.touch()
    output.symlink_to(target.name)

    done = predict(write(1), "-o", output, "--overwrite")

    assert done.exit_code == 0, done.stderr
    assert output.readlink() == Path("priced.csv")
    assert len(read(target)) == 1


def test_what_is_no_file_takes_rows_as_a_stream(
    predict: Predict, write: Write, worker: None
) -> None:
    """Nothing is put in the place of a device."""
    done = predict(write(1), "-o", "/dev/null", "--json")

    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["priced"] == 1
    assert Path("/dev/null").is_char_device()


def test_an_output_in_no_folder_is_told_by_its_name(
    predict: Predict, write: Write, tmp_path: Path
) -> None:
    """And not by that of a file beside it, which nobody has named."""
    output = tmp_path / "nowhere" / "priced.csv"

    done = predict(write(1), "-o", output)

    assert done.exit_code == 74
    assert f"{output}: No such file or directory." in done.stderr


def test_a_row_without_a_house_is_one_error(
    predict: Predict,
    write: Write,
    worker: None,
    submitted: Callable[[], int],
    tmp_path: Path,
) -> None:
    """It comes back in its place, and nothing is submitted for it."""
    houses, output = write(2), tmp_path / "priced.csv"
    first, *others = houses.read_text().splitlines()
    houses.write_text("\n".join([first, "," * first.count(","), *others]))

    done = predict(houses, "-o", output)

    assert done.exit_code == 8
    rows = read(output)
    assert [row["price"] for row in rows] == ["", "612000", "612000"]
    assert rows[0]["error"] == "No feature of the model has a value in this row."
    assert submitted() == 2


def test_the_help_says_how_long_a_house_is_not_priced_twice(predict: Predict) -> None:
    """Idempotency keys are forgotten."""
    assert "24 hours" in predict("--help").stdout
