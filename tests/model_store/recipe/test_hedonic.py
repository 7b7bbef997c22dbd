"""A hedonic estimate explains prices and is the same in any company."""

import numpy as np
import pytest

from model_store.recipe.hedonic import Floats, Hedonic, Levels


def _houses(count: int = 500) -> tuple[Floats, Levels, Floats]:
    """Return numbers, levels and log prices that follow a law with little noise."""
    random = np.random.default_rng(0)
    numbers = np.column_stack(
        [
            random.normal(100, 20, count),
            random.lognormal(5, 1, count),
            random.uniform(0, 1, count),
        ]
    )
    levels = random.integers(0, 3, (count, 1)).astype(np.intp)
    log_prices = 12 + 0.01 * numbers[:, 0] + 0.2 * np.log1p(numbers[:, 1])
    log_prices += np.array([0.0, 0.3, -0.3])[levels[:, 0]]
    return numbers, levels, log_prices + random.normal(0, 0.01, count)


def _estimated(hedonic: Hedonic, numbers: Floats, levels: Levels) -> Floats:
    return hedonic.estimate(numbers, hedonic.standard(numbers), levels)


def test_it_explains_what_follows_its_form() -> None:
    """Lines, logarithms of skewed columns and categories are found."""
    numbers, levels, log_prices = _houses()
    hedonic = Hedonic.fit(numbers, levels, log_prices)

    off = _estimated(hedonic, numbers, levels) - log_prices

    assert hedonic.logs.tolist() == [1]
    assert np.std(off) < 0.03
    assert abs(np.mean(off)) < 1e-9


def test_a_house_is_worth_the_same_in_any_company() -> None:
    """Neither the batch nor the place in it moves a bit."""
    numbers, levels, log_prices = _houses()
    numbers[::7, 1] = np.nan
    hedonic = Hedonic.fit(numbers, levels, log_prices)
    order = np.random.default_rng(1).permutation(len(numbers))

    together = _estimated(hedonic, numbers, levels)

    shuffled = _estimated(hedonic, numbers[order], levels[order])
    assert np.array_equal(shuffled, together[order])
    for row in range(0, len(numbers), 11):
        one = slice(row, row + 1)
        assert _estimated(hedonic, numbers[one], levels[one]) == together[one]


def test_a_missing_number_is_an_average_one_with_a_price_of_its_own() -> None:
    """That a number is missing may cost something, and is never NaN."""
    numbers, levels, log_prices = _houses()
    numbers[::4, 0] = np.nan
    hedonic = Hedonic.fit(numbers, levels, log_prices - 0.5 * np.isnan(numbers[:, 0]))

    assert hedonic.standard(numbers)[::4, 0].tolist() == [0] * 125
    assert hedonic.absent[0] == pytest.approx(-0.5, abs=0.1)


def test_an_unknown_category_has_no_effect() -> None:
    """It lies between the dearest and the cheapest."""
    numbers, levels, log_prices = _houses()
    hedonic = Hedonic.fit(numbers, levels, log_prices)
    house = numbers[:1]

    *known, unknown = (
        _estimated(hedonic, house, np.array([[level]]))[0] for level in (0, 1, 2, -1)
    )

    assert min(known) < unknown < max(known)


def test_rare_categories_share_no_effect() -> None:
    """Of a thousand categories the most frequent ones have an effect."""
    random = np.random.default_rng(0)
    levels = np.r_[np.arange(1000), np.arange(500, 1000)].astype(np.intp)[:, None]
    hedonic = Hedonic.fit(
        random.normal(size=(1500, 1)), levels, random.normal(size=1500)
    )

    (effects,) = hedonic.levels
    assert len(effects) == 1001
    assert not effects[:500].any()
    assert np.count_nonzero(effects) == 300


def test_a_value_beyond_all_bounds_bends_nothing() -> None:
    """A typing error is as far away as a value can be, and no further."""
    numbers, levels, log_prices = _houses()
    hedonic = Hedonic.fit(numbers, levels, log_prices)

    far = hedonic.standard(np.array([[1e9, 1e30, -1e9], [-1e9, -5.0, 1e300]]))

    assert far.tolist() == [[5, 5, -5], [-5, hedonic.standard(far * 0)[0, 1], 5]]


@pytest.mark.parametrize("value", [np.nan, 0.0, 7.0])
def test_a_column_that_tells_nothing_does_no_harm(value: float) -> None:
    """A column without values or without differences has no effect."""
    numbers, levels, log_prices = _houses()
    numbers[:, 2] = value
    hedonic = Hedonic.fit(numbers, levels, log_prices)

    assert np.std(_estimated(hedonic, numbers, levels) - log_prices) < 0.03
    assert hedonic.linear[2] == hedonic.square[2] == 0


def test_what_is_asked_for_is_not_changed() -> None:
    """Arrays of a caller stay as they were."""
    numbers, levels, log_prices = _houses()
    before = numbers.copy()
    hedonic = Hedonic.fit(numbers, levels, log_prices)
    _estimated(hedonic, numbers, levels)

    assert np.array_equal(numbers, before)
