"""What is told of houses that have changed."""

import redis as redis_py

from tests.api.figures.conftest import Scrape
from worker.drift_states import DriftState, DriftStates, FeatureState


def test_each_feature_is_told_as_the_upkeep_found_it(
    scrape: Scrape, redis: redis_py.Redis
) -> None:
    """One without bins has no index; nothing is told before the first look."""
    assert "kerbside_feature_drift" not in scrape()
    features = {
        "area": FeatureState(
            since_ms=5, psi=0.5, psi_limit=0.2, missing=0.1, unknown=0.0
        ),
        "quarter": FeatureState(
            since_ms=None, psi=None, psi_limit=None, missing=0.0, unknown=0.3
        ),
    }
    state = DriftState(looked_at_ms=2000, houses=9, flagged=0.25, features=features)
    DriftStates(redis).put("v1", state)

    told = scrape()

    area, quarter = ({"version": "v1", "feature": name} for name in features)
    assert told["kerbside_feature_drift"] == [(area, 1), (quarter, 0)]
    assert told["kerbside_feature_psi"] == [(area, 0.5)]
    assert told["kerbside_feature_psi_limit"] == [(area, 0.2)]
    assert told["kerbside_feature_missing_ratio"] == [(area, 0.1), (quarter, 0)]
    assert told["kerbside_feature_unknown_ratio"] == [(area, 0), (quarter, 0.3)]
    version = {"version": "v1"}
    assert told["kerbside_houses_out_of_distribution_ratio"] == [(version, 0.25)]
    assert told["kerbside_drift_looked_at_timestamp_seconds"] == [(version, 2)]
