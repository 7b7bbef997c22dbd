"""Numbers are read as they were written, or not at all."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_store import numerals

STYLES = [(".", ","), (",", "."), (",", " "), (".", "'"), (".", None), (",", None)]


@settings(deadline=None, max_examples=50)
@given(
    value=st.decimals(-10_000_000, 10_000_000, places=2, allow_nan=False),
    style=st.sampled_from(STYLES),
)
def test_a_number_comes_back_from_any_style(
    value: object, style: tuple[str, str]
) -> None:
    """Whatever marks are in it, it is the same number."""
    decimal, thousands = style
    plain = f"{value:,.2f}" if thousands else f"{value:.2f}"
    written = (
        plain.replace(",", "_").replace(".", decimal).replace("_", thousands or "")
    )

    read = numerals.parse(pd.Series([written]), decimal, thousands)

    assert read[0] == float(str(value))


@settings(deadline=None, max_examples=50)
@given(text=st.text(max_size=12), style=st.sampled_from(STYLES))
def test_no_text_is_ever_an_error(text: str, style: tuple[str, str]) -> None:
    """What is no number is missing, and nothing becomes infinite."""
    read = numerals.parse(pd.Series([text], dtype=object), *style)[0]

    assert math.isnan(read) or math.isfinite(read)


@pytest.mark.parametrize("text", ["1.5", "12.34", "1.23.456", "1,2,3", "", "1 2", "a1"])
def test_a_mark_out_of_place_makes_no_number(text: str) -> None:
    """1.5 is not fifteen where points stand between thousands."""
    assert numerals.parse(pd.Series([text]), ",", ".").isna().all()
