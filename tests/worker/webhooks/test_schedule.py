"""The laws of what follows from an attempt."""

import pytest

from worker.webhook_settings import SCHEDULE_S, WebhookSettings
from worker.webhooks.deliveries import Verdict
from worker.webhooks.schedule import JITTER, NOT_SIGNED, verdict
from worker.webhooks.sender import Attempt

SETTINGS = WebhookSettings()


def attempt(
    status: int | None = None,
    *,
    error: str | None = None,
    retry_after_s: float | None = None,
) -> Attempt:
    """Return an attempt that ended in some way."""
    return Attempt(
        status=status,
        duration_ms=1,
        excerpt="",
        error=error,
        retry_after_s=retry_after_s,
    )


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_every_2xx_is_a_delivery(status: int) -> None:
    """And the end of it."""
    assert verdict(attempt(status), 1, SETTINGS) == Verdict("delivered")


@pytest.mark.parametrize("status", [100, 301, 302, 307, 400, 401, 404, 500, 503])
def test_everything_else_is_tried_again(status: int) -> None:
    """A redirect too, and what looks like the receiver's own mistake."""
    assert verdict(attempt(status), 1, SETTINGS).outcome == "again"


def test_the_schedule_is_that_of_the_standard() -> None:
    """Eleven attempts over three days, each pause give or take a fifth."""
    pauses = []
    for number in range(1, len(SCHEDULE_S) + 1):
        tries = [verdict(attempt(500), number, SETTINGS) for _ in range(50)]
        seconds = [one.pause_ms / 1000 for one in tries]
        middle = SCHEDULE_S[number - 1]
        assert middle * (1 - JITTER) <= min(seconds) < max(seconds)
        assert max(seconds) <= middle * (1 + JITTER)
        pauses.append(middle)
    assert pauses == [5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert verdict(attempt(500), len(SCHEDULE_S) + 1, SETTINGS).outcome == "failed"


def test_a_receiver_may_ask_for_more_time() -> None:
    """And gets it; less time than the schedule gives it does not get."""
    asked = verdict(attempt(503, retry_after_s=600), 1, SETTINGS)
    assert (asked.pause_ms, asked.asked_ms) == (600_000, 600_000)
    assert verdict(attempt(503, retry_after_s=0), 1, SETTINGS).pause_ms >= 4000


def test_410_ends_the_delivery_and_the_endpoint() -> None:
    """Without another attempt."""
    assert verdict(attempt(410), 1, SETTINGS) == Verdict("failed", 0, 1, "gone")


@pytest.mark.parametrize(
    ("failed", "weight"),
    [
        (attempt(500), 1),
        (attempt(error="connection_refused: nothing listens"), 1),
        (attempt(503, retry_after_s=60), 5),
        (attempt(429), 5),
        (attempt(502), 5),
        (attempt(504), 5),
        (attempt(error="timeout: the receiver did not answer in time"), 5),
        (attempt(error=f"{NOT_SIGNED}: no key"), 0),
        (attempt(error="dns: too many other names are looked up"), 0),
    ],
)
def test_what_costs_most_pauses_the_receiver_at_once(
    failed: Attempt, weight: int
) -> None:
    """What is no fault of the receiver counts for nothing."""
    assert verdict(failed, 1, SETTINGS).weight == weight


def test_what_was_never_tried_is_tried_again_however_often() -> None:
    """The end of a schedule is for receivers that were asked."""
    assert verdict(attempt(error=NOT_SIGNED), 99, SETTINGS).outcome == "again"


def test_a_schedule_may_be_empty() -> None:
    """Then there is one attempt."""
    settings = WebhookSettings(webhook_schedule_s=())

    assert verdict(attempt(500), 1, settings).outcome == "failed"
