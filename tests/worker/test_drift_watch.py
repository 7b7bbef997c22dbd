"""A change of what is priced is found soon, and chance and seasons are none."""

import datetime as dt
from dataclasses import replace

import pytest

from model_store.recipe import pipelines
from tests.model_store.markets import QUICK
from tests.model_store.markets import market as made_up
from tests.worker.drift_replay import (
    House,
    Install,
    Market,
    Replay,
    Spoil,
    fitted_before,
    in_square_metres,
)

MARCH, APRIL, MAY = (dt.date(2015, month, 1) for month in (3, 4, 5))
END = dt.date(2015, 5, 28)
#: Days of sound houses before those that are spoilt.
_SOUND = dt.timedelta(days=10)
_FT2 = 0.3048**2


def _lot_in_square_metres(house: House) -> House:
    return {**house, "sqft_lot": house["sqft_lot"] * _FT2}


def _one_zero_more(house: House) -> House:
    return {**house, "sqft_living15": house["sqft_living15"] * 10}


def _swapped(house: House) -> House:
    return {**house, "lat": house["long"], "long": house["lat"]}


def _no_year(house: House) -> House:
    return {**house, "yr_built": None}


def _another_county(house: House) -> House:
    return {**house, "zipcode": "97035"}


@pytest.mark.parametrize(
    ("spoil", "feature", "month"),
    [
        (in_square_metres, "sqft_living", MARCH),
        (in_square_metres, "sqft_living", APRIL),
        (in_square_metres, "sqft_living", MAY),
        (_lot_in_square_metres, "sqft_lot", MARCH),
        (_one_zero_more, "sqft_living15", APRIL),
        (_swapped, "lat", MAY),
        (_no_year, "yr_built", APRIL),
        (_another_county, "zipcode", MAY),
    ],
)
def test_an_error_in_one_feature_is_found_within_200_houses(
    replay: Replay, spoil: Spoil, feature: str, month: dt.date
) -> None:
    """Whichever month it begins in, though sound houses came before."""
    for time_s, houses in replay.market.lots(month - _SOUND, month):
        assert replay.lot(time_s, houses) == set()
    affected, found = 0, set[str]()
    for time_s, houses in replay.market.lots(month, END):
        affected += len(houses)
        found = replay.lot(time_s, [spoil(house) for house in houses])
        if found:
            break

    assert feature in found
    assert affected <= 200


def test_an_error_of_one_client_in_four_is_found_within_200_of_its_houses(
    replay: Replay,
) -> None:
    """Sound houses of others come between them."""
    affected, found = 0, set[str]()
    for time_s, houses in replay.market.lots(APRIL, END):
        spoilt = [
            in_square_metres(house) if place % 4 == 0 else house
            for place, house in enumerate(houses)
        ]
        affected += len(houses[::4])
        found = replay.lot(time_s, spoilt)
        if found:
            break

    assert found == {"sqft_living"}
    assert affected <= 200


def test_a_clean_spring_raises_nothing(replay: Replay) -> None:
    """4,752 sales of March to May: prices moved, houses did not."""
    for time_s, houses in replay.market.lots(MARCH, END):
        assert replay.lot(time_s, houses) == set()


@pytest.mark.parametrize("houses", [1, 3, 10])
def test_a_tiny_volume_raises_nothing(replay: Replay, houses: int) -> None:
    """However odd the few houses of a day are."""
    smallest = next(replay.market.lots(MARCH, END))[1][:houses]
    odd = [{**house, "bedrooms": 9, "sqft_living": 400} for house in smallest]

    assert replay.lot(1_700_000_000, odd) == set()


def test_a_season_raises_nothing(installed: Install) -> None:
    """Summer's houses are the sales, winter's are those that come."""
    november = dt.date(2014, 11, 1)
    replay = installed(fitted_before(november))
    for time_s, houses in replay.market.lots(november, MARCH, size=100):
        assert replay.lot(time_s, houses) == set()


def test_a_market_of_one_s_own_is_watched(installed: Install) -> None:
    """With categories, gaps and a column in which nothing differs."""
    sales = made_up(600)
    sales = replace(sales, houses=sales.houses.assign(built=1970.0))
    replay = installed(Market(pipelines.fit(sales, QUICK, 0), sales))
    houses = [sales.house(row) for row in range(300)]

    assert replay.lot(1_700_000_000, houses) == set()
    elsewhere = [{**house, "quarter": "north"} for house in houses]
    assert replay.lot(1_700_090_000, elsewhere) == {"quarter"}


def test_a_version_whose_card_is_gone_is_passed_over(
    replay: Replay, caplog: pytest.LogCaptureFixture
) -> None:
    """Those beside it are watched all the same."""
    houses = next(replay.market.lots(MARCH, END))[1]
    replay.clock.seconds = 1_700_000_000
    replay.seen.add("20140101-gone0000", {0: 500})

    assert replay.lot(1_700_000_001, houses) == set()
    assert "drift_not_watched" in caplog.text
