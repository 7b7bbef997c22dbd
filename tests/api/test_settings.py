"""Laws of the API's settings."""

import pytest
from pydantic import ValidationError

from api.settings import ApiSettings


def test_waiters_have_a_bound() -> None:
    """Each holds a thread."""
    with pytest.raises(ValidationError, match="less than or equal to 1000"):
        ApiSettings.from_env({"KERBSIDE_WAITERS": "1001"})


@pytest.mark.parametrize(
    "url", ["unix:///run/redis.sock", "redis+socket:///run/redis.sock", "localhost"]
)
def test_a_redis_that_celery_cannot_reach_is_refused(url: str) -> None:
    """API and workers use one address: it must be one for both."""
    with pytest.raises(ValidationError, match="expected redis:// or rediss://"):
        ApiSettings.from_env({"KERBSIDE_REDIS_URL": url})
