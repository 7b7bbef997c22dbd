"""What the upkeep found stays readable, and no longer than it is true."""

import pytest
import redis as redis_py

from worker import keys
from worker.drift_states import DriftState, DriftStates, FeatureState


def _state(since_ms: int | None) -> DriftState:
    feature = FeatureState(
        since_ms=since_ms, psi=0.5, psi_limit=0.1, missing=0.0, unknown=0.0
    )
    return DriftState(looked_at_ms=1, houses=2, flagged=0.5, features={"area": feature})


@pytest.fixture
def states(redis: redis_py.Redis) -> DriftStates:
    """Return the states in the test's Redis."""
    return DriftStates(redis)


def test_a_state_is_read_as_it_was_put(states: DriftStates) -> None:
    """Each version's by itself."""
    assert states.of("v1") is None
    states.put("v1", _state(7))
    states.put("v2", _state(None))

    assert states.of("v1") == _state(7)
    assert states.all() == {"v1": _state(7), "v2": _state(None)}
    assert _state(7).since_ms == {"area": 7}
    assert _state(None).since_ms == {}


def test_a_version_that_prices_nothing_is_forgotten(
    states: DriftStates, redis: redis_py.Redis
) -> None:
    """And all of them a month after the last look."""
    for version in ("v1", "v2"):
        states.put(version, _state(None))
    states.forget_all_but(["v2", "v3"])
    states.forget_all_but(["v2"])

    assert list(states.all()) == ["v2"]
    assert 0 < redis.ttl(keys.DRIFT) <= 32 * 86_400
