"""The laws of how rows of a file become prices."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from api.client import ApiError
from api.commands.pricing import Run
from tests.api.commands.conftest import Predict, Write, read
from worker.credentials import ApiKeys
from worker.limits import RateLimit


class _Service:
    """Prices houses as a client does, but for those of numbers at which it stops.

    Args:
        status: Of the refusal.
        stops: At each the call ends once: what is left shares the refusal.
    """

    concurrency = 1

    def __init__(self, status: int, *stops: int) -> None:
        self.sent: list[str] = []
        self._status, self._stops = status, [*stops]

    def price(
        self, houses: Sequence[int], *, keys: Sequence[str], **_: object
    ) -> list[Any]:
        """Return a price or a refusal for each."""
        results: list[Any] = []
        refusal = None
        for number, key in zip(houses, keys, strict=True):
            if refusal is None:
                self.sent.append(key)
                if [number] == self._stops[:1]:
                    self._stops.pop(0)
                    refusal = ApiError(self._status, {"title": "Not now"})
                    refusal.retry_after_s = 100
            results.append(refusal or 1000 * number)
        return results


def test_a_limit_slows_a_run_down_and_ends_it_not() -> None:
    """What was priced is not sent again, and what was not keeps its key."""
    service: Any = _Service(429, 2, 4)
    pauses: list[float] = []
    run: Any = Run("run", "v1", pause=pauses.append)

    (priced,) = run.priced(service, "12345", int, first=0)

    assert [result for _, result in priced] == [1000, 2000, 3000, 4000, 5000]
    assert pauses == [100, 100]
    assert service.sent == [f"run:{n}" for n in (0, 1, 1, 2, 3, 3, 4)]


def test_a_service_that_is_away_ends_a_run() -> None:
    """Only limits are waited for however long it takes."""
    service: Any = _Service(503, 2)
    run: Any = Run("run", "v1", pause=lambda _: pytest.fail("it waited"))

    found = run.priced(service, "123", int, first=0)

    assert next(found) == [("1", 1000)]
    with pytest.raises(ApiError, match="Not now"):
        next(found)


def test_a_file_is_priced_within_the_limit_of_its_key(
    predict: Predict, write: Write, worker: None, keys: ApiKeys, tmp_path: Path
) -> None:
    """Forty houses at twenty a second take their time and all come back."""
    scopes = ["predict", "read"]
    token, _ = keys.create(tenant="acme", scopes=scopes, rate_limit=RateLimit(20, 1))
    output = tmp_path / "priced.csv"

    done = predict(write(40), "-o", output, KERBSIDE_API_KEY=token)

    assert done.exit_code == 0, done.stderr
    assert [row["price"] for row in read(output)] == ["612000"] * 40
