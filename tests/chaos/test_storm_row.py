"""A storm is one only if it happened."""

from collections import Counter

from tests.chaos.storm_row import not_done

PLANNED = Counter({"kills": 2, "freezes": 1})


def test_a_storm_in_which_all_happened_is_whole() -> None:
    """No false alarm."""
    assert [*not_done(PLANNED, PLANNED)] == []


def test_a_fault_that_found_nobody_is_told() -> None:
    """A storm of nothing would pass every other check."""
    assert [*not_done(PLANNED, Counter({"kills": 1}))] == [
        "1 of 2 kills of the storm did not happen",
        "1 of 1 freezes of the storm did not happen",
    ]
