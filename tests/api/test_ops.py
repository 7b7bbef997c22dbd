"""The laws of /v1/ops."""

import pytest

from api.schemas import LaneHistory, Scaler
from tests.api.conftest import Client, MakeHeaders, Submit, assert_problem
from worker.keys import PREDICTIONS, WEBHOOKS
from worker.ledger import Ledger


def test_the_scaler_signal_counts_open_work(
    client: Client, submit: Submit, bearer: MakeHeaders
) -> None:
    """Of all tenants, in the shape that the chart reads."""
    for tenant in ("acme", "globex"):
        submit(key=bearer(tenant))

    answer = client.get("/v1/ops/scaler", headers=bearer("operator", "operate"))

    lane = Scaler.model_validate_json(answer.data).queues["predictions"]
    assert (lane.waiting, lane.running, lane.backlog) == (2, 0, 2)


def test_history_is_that_of_the_lane_asked_for(
    client: Client, bearer: MakeHeaders, book: Ledger
) -> None:
    """Of the predictions where nothing is said; points need two looks at the lane."""
    book.reap(WEBHOOKS)
    operator = bearer("operator", "operate")

    for query, lane in (("", PREDICTIONS), ("?lane=webhooks&minutes=5", WEBHOOKS)):
        answer = client.get(f"/v1/ops/history{query}", headers=operator)
        told = LaneHistory.model_validate_json(answer.data)
        assert (told.lane, told.points) == (lane, [])


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("lane=upkeep", "predictions, batches, webhooks"),
        ("minutes=61", "minutes"),
        ("hours=1", "hours"),
    ],
)
def test_history_refuses_what_it_does_not_know(
    client: Client, bearer: MakeHeaders, query: str, word: str
) -> None:
    """A lane, a time or a parameter that there is not, named in the answer."""
    answer = client.get(
        f"/v1/ops/history?{query}", headers=bearer("operator", "operate")
    )

    assert word in assert_problem(answer, 400, "malformed-parameter")["detail"]
