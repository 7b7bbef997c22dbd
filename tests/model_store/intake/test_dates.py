"""The format of dates is found where there is one, and only then."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_store.errors import DatasetError
from model_store.intake import dates

DAYS = st.lists(
    st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)), min_size=1, max_size=9
)


@settings(deadline=None, max_examples=50)
@given(days=DAYS, form=st.sampled_from(dates.FORMATS[:-1]))
def test_dates_come_back_or_it_is_asked_which_they_are(
    days: list[dt.date], form: str
) -> None:
    """A format that is found means the days that were written."""
    cells = pd.Series([day.strftime(form) for day in days])

    try:
        found = dates.find(cells)
    except DatasetError as error:
        assert "--date-format" in str(error)  # noqa: PT017 - either may be
    else:
        read = pd.to_datetime(cells, format=found)
        assert [one.date() for one in read] == days


def test_a_day_beyond_twelve_tells_the_order() -> None:
    """One day that is no month settles it for all."""
    assert dates.find(pd.Series(["03/04/2020", "13/04/2020"])) == "%d/%m/%Y"
    assert dates.find(pd.Series(["03/04/2020", "04/13/2020"])) == "%m/%d/%Y"


def test_a_date_that_is_two_is_asked_for() -> None:
    """A guess would move half of the sales by months."""
    with pytest.raises(DatasetError, match=r"2020-04-03 or 2020-03-04.*--date-format"):
        dates.find(pd.Series(["03/04/2020", "01/01/2020"]))
