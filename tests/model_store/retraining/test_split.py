"""Candidate and champion are judged by the same later sales."""

import datetime as dt
from dataclasses import replace

import pytest

from model_store.recipe import rolling
from model_store.retraining import trial
from model_store.retraining.fits import Fits
from model_store.retraining.split import split
from tests.model_store.markets import QUICK, market


def test_a_great_test_is_of_the_same_sales_for_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where only some of the sales are priced, they are the same ones."""
    monkeypatch.setattr(rolling, "MOST_IN_PERIOD", 60)
    sales = market(900, days=365)
    sales = replace(
        sales, definition=replace(sales.definition, test_from=dt.date(2020, 12, 1))
    )

    chosen = split(sales, None, 100)
    tried = trial.forecast(chosen, QUICK, 0, Fits())

    assert len(chosen.test) <= 60
    assert tried.sold.tolist() == chosen.test.prices.tolist()
