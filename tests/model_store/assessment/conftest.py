"""An assessment of a small recipe on few sales, made once a session."""

from dataclasses import replace

import pytest

from model_store.assessment.assess import Assessment, assess
from model_store.dataset import Dataset
from model_store.goal import Goal
from tests import small_model

#: One goal that is met for certain and one that is not.
GOALS = {"mdape": Goal(at_most=50), "coverage": Goal(at_least=100.5)}


@pytest.fixture(scope="session")
def few_sales() -> Dataset:
    """Return few sales whose definition has two goals."""
    sales = small_model.sales()
    return replace(sales, definition=replace(sales.definition, goals=GOALS))


@pytest.fixture(scope="session")
def assessment(few_sales: Dataset) -> Assessment:
    """Return an assessment on these."""
    return assess(few_sales, recipe=small_model.RECIPE)
