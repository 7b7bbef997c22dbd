"""What operators see in Flower: each job and its state, true lengths, live workers."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
import requests

from tests.patience import wait_until
from tests.system.event_sink import Sink
from tests.system.service import Serve, Service
from worker import pauses
from worker.celery import create_celery
from worker.keys import PREDICTIONS
from worker.supervision.child import Child


@dataclass(frozen=True)
class Board:
    """Flower, as whoever has its login sees it."""

    service: Service
    second: Child

    def asked(self, path: str) -> Any:
        """Return what Flower answers; nothing while it starts."""
        stack = self.service.place.stack
        url = f"http://127.0.0.1:{stack.flower_port}{path}"
        login = ("kerbside", stack.flower_password)
        try:
            answer = requests.get(url, auth=login, timeout=30)
            return answer.json() if answer.ok else {}
        except requests.ConnectionError:
            return {}

    def tasks(self, name: str) -> list[tuple[str, str, float | None]]:
        """Return id, state and runtime of each task of a name."""
        return [
            (task["uuid"], task["state"], task["runtime"])
            for task in self.asked("/api/tasks").values()
            if task["name"] == name
        ]

    def workers(self) -> set[str]:
        """Return the names of the workers that are listed, without their hosts."""
        listed = self.asked("/workers?json=1").get("data", [])
        return {worker["hostname"].partition("@")[0] for worker in listed}


@pytest.fixture
def board(serve: Serve) -> Board:
    """Run everything that Flower looks at, and Flower."""
    service = serve(webhook_schedule_s="0.2 0.2")
    stack = service.place.stack
    service.deliver()
    flower = stack.flower()
    # Whoever went away leaves the list after a second, else after a minute.
    command = (*flower.command, "--purge_offline_workers=1")
    service.place.start(replace(flower, command=command))
    _, second = replace(stack, predictors=2).prediction_workers()
    board = Board(service, service.place.start(second))
    everybody = {"predictions-1", "predictions-2", "webhooks", "upkeep"}
    wait_until(lambda: board.workers() == everybody, "the workers in Flower")
    return board


def test_jobs_deliveries_and_upkeep_show_their_state_and_runtime(
    board: Board, sink: Sink
) -> None:
    """A receiver that fails at first shows as a task that is tried again."""
    sink.statuses.append(500)
    job_id = board.service.submit(webhook=sink.url)
    wait_until(lambda: board.tasks("price"), "the price in Flower")
    ((priced, state, runtime),) = board.tasks("price")
    assert (priced, state) == (job_id, "SUCCESS")
    assert runtime is not None

    wait_until(lambda: board.tasks("deliver"), "the delivery in Flower")
    (delivery,) = board.service.log()
    wait_until(
        lambda: (
            [one[:2] for one in board.tasks("deliver")] == [(delivery.id, "SUCCESS")]
        ),
        "the second attempt in Flower",
    )
    assert len(sink.received) == 2


def test_the_upkeep_shows_once_a_minute(board: Board) -> None:
    """Not each second: Flower keeps 10,000 tasks, and they are the jobs' place."""
    with create_celery(board.service.settings) as app:
        task_id = app.send_task("tend").id
    wait_until(
        lambda: (task_id, "SUCCESS") in [one[:2] for one in board.tasks("tend")],
        "the upkeep in Flower",
    )

    assert board.tasks("reap") == []
    assert app.conf.beat_schedule["tend"]["schedule"] == 60


def test_the_lengths_of_queues_are_true(board: Board) -> None:
    """What waits is in Celery's own list, so that Flower counts all of it."""
    pauses.begin(board.service.redis, PREDICTIONS)
    for _ in range(3):
        board.service.submit()

    def lengths() -> dict[str, int]:
        found = board.asked("/api/queues/length").get("active_queues", [])
        return {queue["name"]: queue["messages"] for queue in found}

    wait_until(lambda: lengths().get("predictions") == 3, "the length in Flower")
    others = dict.fromkeys(("batches", "webhooks", "upkeep"), 0)
    assert lengths() == {"predictions": 3, **others}


def test_a_worker_that_went_away_leaves(board: Board) -> None:
    """Nobody looks after a machine that has long been gone."""
    board.second.kill()

    wait_until(
        lambda: "predictions-2" not in board.workers(),
        "the end of the worker in Flower",
    )
    assert board.workers() == {"predictions-1", "webhooks", "upkeep"}
