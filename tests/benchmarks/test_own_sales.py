"""What a command took is what its process took."""

import sys
from pathlib import Path

import pytest

from benchmarks import own_sales


def test_time_and_memory_of_a_process_are_its_own(tmp_path: Path) -> None:
    """A hundred MB that it held show, and it is told where its state is."""
    program = (
        "import os; from pathlib import Path; held = b'x' * 100_000_000;"
        "Path(os.environ['KERBSIDE_STATE_DIR'], 'ran').touch()"
    )

    spent = own_sales.run([sys.executable, "-c", program], tmp_path)

    assert (tmp_path / "ran").exists()
    assert spent.peak_mb > 100
    assert spent.processor_s > 0
    assert spent.elapsed_s > 0


def test_a_command_that_fails_ends_the_measurement(tmp_path: Path) -> None:
    """No figure is told of half a run."""
    with pytest.raises(SystemExit, match="ended with 3"):
        own_sales.run([sys.executable, "-c", "raise SystemExit(3)"], tmp_path)


def test_the_last_sales_of_a_table_come_after_the_training(tmp_path: Path) -> None:
    """A twelfth of them, whole lines, and none is lost."""
    table = tmp_path / "sales.csv"
    table.write_text("".join(f"{line:04}\n" for line in range(1200)))
    whole = table.read_bytes()

    later = own_sales.withhold(table)

    assert later.startswith(b"1101\n")
    assert table.read_bytes() + later == whole
