"""What `inspect` and Flower are told of jobs that kombu never delivered."""

from typing import Any

import pytest
from celery.worker.control import Panel

from worker import inspection
from worker.leases import Lease


def request(fence: int = 1) -> inspection.Request:
    """Return what stands for a job in hand."""
    house = b'{"lat":47.512349871}'
    lease = Lease(id="job", fence=fence, version="v", input=house, crashes=0)
    return inspection.Request(lease, "predictions", "p1@here", task="price")


def test_a_job_in_hand_is_shown_like_a_task() -> None:
    """By its id, task and lane, without the house."""
    shown = request().info()

    assert (shown["id"], shown["name"], shown["hostname"]) == (
        "job",
        "price",
        "p1@here",
    )
    assert shown["delivery_info"]["routing_key"] == "predictions"
    assert "47.5" not in repr(shown)


@pytest.mark.parametrize(("fence", "again"), [(1, False), (2, True)])
def test_a_job_that_was_started_before_is_redelivered(
    fence: int, *, again: bool
) -> None:
    """Another worker may have died of it."""
    assert request(fence).info()["delivery_info"]["redelivered"] is again


def test_a_lost_connection_cancels_no_batch() -> None:
    """Celery asks each request for it; the lease decides."""
    one: Any = request()
    one.some_attribute_of_celerys_own = True

    one.cancel("pool", terminate=True)
    one.terminate("pool")

    assert (one.acknowledged, one.task.acks_late) == (True, True)


def test_a_lane_is_named_beside_the_queues_of_kombu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Flower reads the length of the queues that are named there."""
    monkeypatch.setitem(Panel.data, "active_queues", lambda _: [{"name": "upkeep"}])

    inspection.show_lane("predictions")

    found = Panel.data["active_queues"](None)
    assert [queue["name"] for queue in found] == ["upkeep", "predictions"]
