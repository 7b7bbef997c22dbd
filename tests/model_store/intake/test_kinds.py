"""Columns are taken for what they are, whatever is in them."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from model_store.intake import kinds
from model_store.table_form import TableForm

RANDOM = np.random.default_rng(0)
COUNT = 400


@settings(deadline=None, max_examples=50)
@given(cells=st.lists(st.none() | st.text(max_size=20), min_size=1, max_size=20))
def test_no_column_is_an_error(cells: list[str | None]) -> None:
    """Whatever stands in a column, something is said of it."""
    column = pd.Series([one or np.nan for one in cells], dtype=object)

    found = kinds.look("c", column, TableForm(), np.linspace(11, 14, len(cells)))

    assert found.why


def look(name: str, values: object, log_prices: object = None) -> kinds.Finding:
    """Look at a column of whole numbers."""
    prices = RANDOM.normal(13, 0.5, COUNT) if log_prices is None else log_prices
    cells = pd.Series(np.asarray(values)).astype(str).astype(object)
    return kinds.look(name, cells, TableForm(), np.asarray(prices))


def test_numbers_whose_order_says_little_are_codes() -> None:
    """A zip code is no amount of anything."""
    codes = RANDOM.integers(0, 20, COUNT)
    level = RANDOM.normal(0, 1, 20)
    prices = 13 + level[codes] + RANDOM.normal(0, 0.1, COUNT)

    assert look("area", 10_000 + codes, prices).taken == "category"
    assert look("rooms", codes, 13 + codes / 20).taken == "number"


def test_numbers_that_only_differ_are_ids() -> None:
    """Lots differ as well, but they say something of the price."""
    different = RANDOM.permutation(COUNT) + 5_000

    assert look("parcel", different).taken == "id"
    assert look("x", different).taken == "id"
    assert look("lot", different, 10 + np.log(different)).taken == "number"


def test_years_may_be_never() -> None:
    """A year 0 says that something never happened."""
    assert look("renovated", [0, 1999] * (COUNT // 2)).taken == "year"
    assert look("built", [1699, 1999] * (COUNT // 2)).taken == "number"


def test_a_place_is_named_and_in_degrees() -> None:
    """Latitude beyond a right angle is something else."""
    degrees = RANDOM.uniform(-80, 80, COUNT)

    assert look("GeoLat", degrees).taken == "latitude"
    assert look("lng", degrees).taken == "longitude"
    assert look("lat", degrees + 100).taken == "number"
    assert look("plate", degrees).taken == "number"
