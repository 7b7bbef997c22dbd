"""Every count has a place of its own, on cards of every age."""

from dataclasses import replace

from model_store.artifact import Loaded
from model_store.card import Bins
from model_store.count_layout import CountLayout


def test_no_two_counts_share_a_place(loaded: Loaded) -> None:
    """Places follow each other without a gap after those of houses and flags."""
    layout = CountLayout(loaded.card)
    taken = [0, 1, 2, 3]
    for places in (layout.prices, layout.widths):
        taken += range(places.first, places.end)
    for one in layout.features:
        taken += [one.missing, one.unknown, one.flagged]
        taken += range(one.values.first, one.values.end)

    assert taken == list(range(layout.size))


def test_a_new_card_tells_what_is_expected_of_each_bin(loaded: Loaded) -> None:
    """Prices and widths too."""
    layout = CountLayout(loaded.card)
    values = [layout.prices, layout.widths, *(one.values for one in layout.features)]

    for places in values:
        assert len(places.expected) in {0, places.bins}
        assert not places.expected or abs(sum(places.expected) - 1) < 1e-4
    assert layout.prices.expected
    assert layout.widths.expected
    assert all(one.values.expected for one in layout.features)


def test_a_card_without_bins_is_counted_by_its_deciles(loaded: Loaded) -> None:
    """Only where they all differ: else nobody knows how many sales a bin holds."""
    profile = loaded.card.profile
    features = tuple(replace(one, bins=None) for one in profile.features)
    old = replace(profile, features=features, sales=0, prices=None, widths=None)
    layout = CountLayout(replace(loaded.card, profile=old))
    expected = {one.feature.name: one.values.expected for one in layout.features}

    assert expected["sqft_living"] == (0.1,) * 10
    assert expected["floors"] == ()
    assert layout.prices.expected == layout.widths.expected == ()
    assert layout.prices.bins > 1


def test_rare_categories_share_a_bin(loaded: Loaded) -> None:
    """It is expected to hold what is left, and never nothing."""
    features = tuple(
        replace(one, shares={"98101": 0.996, "98102": 0.004}) if one.shares else one
        for one in loaded.card.profile.features
    )
    profile = replace(loaded.card.profile, features=features)
    layout = CountLayout(replace(loaded.card, profile=profile))
    zipcode = next(one for one in layout.features if one.feature.kind == "category")

    assert zipcode.values.categories == {"98101": 0}
    assert zipcode.values.bins == 2
    assert zipcode.values.expected[1] > 0.004


def test_bins_have_one_share_more_than_edges(loaded: Loaded) -> None:
    """The first bin has no beginning."""
    for one in loaded.card.profile.features:
        if isinstance(one.bins, Bins):
            assert len(one.bins.shares) == len(one.bins.edges) + 1
