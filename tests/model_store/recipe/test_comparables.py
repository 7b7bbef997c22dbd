"""A house is compared with other houses: near ones, and never with itself."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from model_store import model_file
from model_store.recipe import pipelines
from model_store.recipe.comparables import (
    FEATURES,
    NEIGHBOURS,
    ComparableSales,
    Neighbours,
)
from tests.model_store.markets import (
    QUICK,
    columns_of,
    compared,
    market,
    sold_often,
)


def _own(sales: ComparableSales, found: Neighbours) -> NDArray[np.bool_]:
    """Tell which neighbours of the sales are the same house; shape as their rows."""
    houses = np.nan_to_num(sales.numbers)
    same: NDArray[np.bool_] = houses[found.rows] == houses[:, None]
    return np.asarray(np.logical_and.reduce(same, axis=2), dtype=np.bool_)


@pytest.mark.parametrize("times", [0, 1, 5, 15])
def test_a_house_is_not_its_own_neighbour(times: int) -> None:
    """However often it was sold, none of its sales is evidence for its price."""
    sales = sold_often(market(), row=17, times=times)
    comparable = compared(sales)

    _, found = comparable.look(columns_of(sales))

    assert found.rows.shape == (400 + times, NEIGHBOURS)
    assert not _own(comparable, found).any()
    assert (found.distances > 0).all()


def test_what_a_house_sold_for_is_in_none_of_its_features() -> None:
    """Another price of its own sales moves the features of other houses only."""
    sales = sold_often(market(), row=17, times=5)
    comparable = compared(sales)
    rows = columns_of(sales)
    house = market().houses.loc[17, ["area", "built", "lat"]]
    own = (sales.houses[["area", "built", "lat"]] == house).all(axis=1).to_numpy()
    assert own.sum() == 6
    before = comparable.transform(rows)

    dearer = replace(sales, prices=np.where(own, 9 * sales.prices, sales.prices))
    comparable.log_prices = np.log(dearer.prices)
    comparable.__setstate__(comparable.__getstate__())
    after = comparable.transform(rows)

    assert np.array_equal(after[own], before[own], equal_nan=True)
    assert not np.array_equal(after[~own], before[~own], equal_nan=True)


def test_more_alike_houses_than_a_search_holds_are_neighbours() -> None:
    """Flats that are told apart by rooms alone still have neighbours."""
    sales = market(200, only=("built",))
    sales.houses["built"] = np.repeat([1950.0, 1980.0], 100)

    found, neighbours = compared(sales).look(columns_of(sales))

    assert np.isfinite(found).all()
    assert neighbours.rows.shape == (200, NEIGHBOURS)


@pytest.mark.parametrize("count", [2, 3, 5, 21, 24])
def test_few_sales_have_as_many_neighbours_as_there_are(count: int) -> None:
    """A table that is smaller than a search is searched too."""
    sales = market(count, gaps=0)

    found, neighbours = compared(sales).look(columns_of(sales))

    assert np.isfinite(found).all()
    assert neighbours.rows.shape == (count, min(NEIGHBOURS, count - 1))


def test_training_and_serving_see_the_same_columns() -> None:
    """A training house has the same neighbours alone, later, and read from a file."""
    sales = sold_often(market(), row=17, times=5)
    fitted = pipelines.fit(sales, QUICK, seed=0)
    in_training = fitted.pipelines[0]["comparables"]
    restored = model_file.load(model_file.dump(fitted.pipelines))[0]
    served = restored["comparables"]
    rows = restored["columns"].transform(sales.houses)
    expected, neighbours = in_training.look(rows)

    together, found = served.look(rows)

    assert np.array_equal(together, expected, equal_nan=True)
    assert np.array_equal(found.rows, neighbours.rows)
    for at in range(0, len(rows), 7):
        alone, one = served.look(rows[at : at + 1])
        assert np.array_equal(alone[0], expected[at], equal_nan=True)
        assert np.array_equal(one.rows[0], neighbours.rows[at])


def test_ties_in_distance_fall_the_same_way_everywhere() -> None:
    """Of houses sold four times most neighbours are equally far, in a fixed order."""
    sales = market()
    sales = replace(sales, houses=sales.houses.iloc[np.arange(400) // 4])
    comparable, rows = compared(sales), columns_of(sales)
    _, expected = comparable.look(rows)
    tied = expected.distances[:, 1:] == expected.distances[:, :-1]
    assert tied.mean() > 0.5

    again = compared(sales)
    alone = np.concatenate([again.look(rows[[at]])[1].rows for at in range(len(rows))])
    order = np.random.default_rng(0).permutation(len(rows))
    shuffled = again.look(rows[order])[1].rows

    assert np.array_equal(alone, expected.rows)
    assert np.array_equal(shuffled, expected.rows[order])


def test_the_nearest_are_found() -> None:
    """As by measuring the distance to every sale."""
    sales = market()
    comparable = compared(sales)
    standard = comparable.hedonic.standard(comparable.numbers)
    km = np.nan_to_num(comparable.km) * comparable._per_km  # noqa: SLF001 - the yardstick
    points = np.hstack([km, standard * np.abs(comparable.hedonic.linear) * 10])
    every = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(every, np.inf)

    _, found = comparable.look(columns_of(sales))

    assert np.allclose(found.distances, np.sort(every)[:, :NEIGHBOURS])


def test_features_say_what_they_are_called() -> None:
    """Weighted means of the neighbours, by a plain calculation of one house."""
    sales = market(gaps=0)
    comparable = compared(sales)
    columns, found = comparable.look(columns_of(sales)[:1])
    features = dict(zip(FEATURES, columns[0, -len(FEATURES) :], strict=True))
    (rows, distances) = found.rows[0], found.distances[0]
    weights = 1 / (distances + 0.01)
    standard = comparable.hedonic.standard(comparable.numbers)
    levels = comparable.levels
    estimates = comparable.hedonic.estimate(comparable.numbers, standard, levels)
    premiums = (comparable.log_prices - estimates)[rows]
    premium = np.average(premiums, weights=weights)

    assert features == pytest.approx(
        {
            "hedonic_estimate": estimates[0],
            "neighbour_price": np.average(comparable.log_prices[rows], weights=weights),
            "neighbour_premium": premium,
            "hedonic_and_premium": estimates[0] + premium,
            "neighbour_disagreement": np.sqrt(np.mean((premiums - premium) ** 2)),
            "neighbour_distance": distances[-1],
        }
    )


def test_km_are_true() -> None:
    """A hundredth of a degree is 1.1 km north, and less east."""
    sales = market(gaps=0)
    comparable = compared(sales)
    row = columns_of(sales)[:1]
    _, found = comparable.look(row)
    assert found.km is not None
    there = comparable.numbers[found.rows[0]][:, list(comparable.columns.place or ())]

    away = np.abs(there - row[0, -2:]) * 111.2 * [1.0, np.cos(np.radians(50))]

    assert found.km[0] == pytest.approx(np.hypot(*away.T), rel=1e-2)
    assert found.remoteness[0] == found.km[0].min()


def test_it_is_told_how_unlike_the_sales_are_whatever_their_place() -> None:
    """The likest of the neighbours counts, with places and without."""
    for sales in (market(gaps=0), market(only=("area", "built"), gaps=0)):
        comparable = compared(sales)
        standard = comparable.hedonic.standard(comparable.numbers)
        weighted = standard * np.abs(comparable.hedonic.linear) * 10

        _, found = comparable.look(columns_of(sales))

        apart = weighted[found.rows] - weighted[:, None]
        unlike = np.linalg.norm(apart, axis=2).min(axis=1)
        assert np.allclose(found.unlikeness, unlike, atol=1e-6)
        assert (found.km is None) == (comparable.columns.place is None)


def test_likeness_does_not_know_where_a_house_stands() -> None:
    """The same house without a place, or on the far side of the world, is as odd."""
    sales = market(gaps=0)
    rows = np.repeat(columns_of(sales)[:1], 3, axis=0)
    area = rows.shape[1] - len(columns_of(sales)[0]) + 4
    rows[:, area] = 1e5
    rows[1, -2:] = np.nan
    rows[2, -2:] = [1e300, -1e300]

    _, found = compared(sales).look(rows)

    assert (found.unlikeness > 3).all()
    assert (found.rows < len(sales)).all()
    assert found.remoteness[2] > 10_000


def test_a_year_0_is_a_missing_year() -> None:
    """Never renovated is not renovated two thousand years ago."""
    sales = market()
    rows = columns_of(sales)[:3]
    rows[:, 5] = [0.0, np.nan, 1970.0]
    rows[:, [0, 1, 2, 3, 4, 6, 7]] = rows[0, [0, 1, 2, 3, 4, 6, 7]]

    never, missing, known = compared(sales).transform(rows)

    assert np.array_equal(never, missing, equal_nan=True)
    assert not np.array_equal(never, known, equal_nan=True)


def test_a_house_without_a_place_lies_in_the_middle_and_says_so() -> None:
    """It is compared by all else, and no distance in km is made up."""
    sales = market(gaps=0)
    rows = columns_of(sales)[:2]
    rows[0, -2:] = np.nan
    rows[1, -1] = np.nan

    columns, found = compared(sales).look(rows)

    assert np.isfinite(columns[:, -len(FEATURES) :]).all()
    assert np.isfinite(found.unlikeness).all()
    assert found.km is not None
    assert np.isnan(found.km[0]).all()
    assert np.isfinite(found.distances).all()


@pytest.mark.parametrize("missing", [["lat", "lon"], ["lon"]])
def test_a_market_whose_places_are_all_missing_is_compared_by_all_else(
    missing: list[str],
) -> None:
    """Columns that a definition has and a table does not fill are no place."""
    sales = market()
    sales.houses[missing] = np.nan

    columns, _ = compared(sales).look(columns_of(sales))

    assert np.isfinite(columns[:, -len(FEATURES) :]).all()


def test_sales_at_one_spot_are_told_apart_by_all_else() -> None:
    """Flats of one tower have no place that matters."""
    sales = market(gaps=0)
    sales.houses[["lat", "lon"]] = 50.0, 8.0

    columns, found = compared(sales).look(columns_of(sales))

    assert np.isfinite(columns).all()
    assert (found.distances > 0).all()


def test_what_is_asked_for_is_not_changed() -> None:
    """Rows of a caller stay as they were."""
    sales = market()
    rows = columns_of(sales)
    before = rows.copy()

    compared(sales).look(rows)

    assert np.array_equal(rows, before, equal_nan=True)
