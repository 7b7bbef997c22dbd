"""A table of any size looks like the shipped one and copies nothing of it."""

from pathlib import Path

import pandas as pd

from benchmarks import made_up_sales
from model_store import dataset


def test_made_up_sales_are_other_houses_of_the_same_market(tmp_path: Path) -> None:
    """As many as asked for, by date, none twice and none that is shipped."""
    path = tmp_path / "sales.csv"
    shipped = dataset.load()

    made_up_sales.write(path, 3000, seed=0)
    made = pd.read_csv(path)

    assert len(made) == 3000
    assert made["date"].is_monotonic_increasing
    assert not made.drop(columns="id").duplicated().any()
    places = set(zip(shipped.houses["lat"], shipped.houses["long"], strict=True))
    assert not places & set(zip(made["lat"], made["long"], strict=True))
    assert abs(made["price"].median() / pd.Series(shipped.prices).median() - 1) < 0.1


def test_the_same_seed_makes_the_same_table(tmp_path: Path) -> None:
    """And another one another."""
    tables = []
    for seed in (1, 1, 2):
        made_up_sales.write(tmp_path / "sales.csv", 100, seed)
        tables.append((tmp_path / "sales.csv").read_bytes())

    assert tables[0] == tables[1] != tables[2]
