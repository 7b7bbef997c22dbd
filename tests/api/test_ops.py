"""The laws of /v1/ops."""

from api.schemas import Scaler
from tests.api.conftest import Client, MakeHeaders, Submit


def test_the_scaler_signal_counts_open_work(
    client: Client, submit: Submit, bearer: MakeHeaders
) -> None:
    """Of all tenants, in the shape that the chart reads."""
    for tenant in ("acme", "globex"):
        submit(key=bearer(tenant))

    answer = client.get("/v1/ops/scaler", headers=bearer("operator", "operate"))

    lane = Scaler.model_validate_json(answer.data).queues["predictions"]
    assert (lane.waiting, lane.running, lane.backlog) == (2, 0, 2)
