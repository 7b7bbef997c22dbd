"""Bins hold what they say, whatever the values are."""

import numpy as np
import pytest

from model_store.recipe.binning import binned


def test_few_values_have_a_bin_each() -> None:
    """A grade or a number of rooms is not cut through."""
    bins = binned(np.repeat([1.0, 1.5, 2.0], [50, 30, 20]))

    assert bins is not None
    assert bins.edges == (1.5, 2.0)
    assert bins.shares == (0.5, 0.3, 0.2)


def test_many_values_are_parted_in_tenths() -> None:
    """Each bin begins with a real value, which lies in it."""
    bins = binned(np.arange(1000.0))

    assert bins is not None
    assert bins.edges == tuple(float(100 * i) for i in range(1, 10))
    assert bins.shares == (0.1,) * 10


def test_a_rare_value_has_no_bin_of_its_own() -> None:
    """One sale in a thousand would make one house in two hundred look like a change."""
    values = np.append(np.repeat([3.0, 4.0], [600, 399]), 33.0)
    bins = binned(values)

    assert bins is not None
    assert bins.edges == (4.0,)
    assert bins.shares == (0.6, 0.4)


@pytest.mark.parametrize("values", [[7.0] * 50, [0.0] * 999 + [1.0]])
def test_what_hardly_differs_has_no_bins(values: list[float]) -> None:
    """There is nothing that a change could be seen by."""
    assert binned(np.array(values)) is None
