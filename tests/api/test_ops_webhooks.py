"""The laws of /v1/ops/webhooks."""

from api.schemas import WebhookHealth
from tests.api.conftest import Client, Finish, Headers, Register, Submit


def test_the_health_of_webhooks_is_told_over_all_tenants(
    client: Client,
    operator: Headers,
    register: Register,
    submit: Submit,
    hooker: Headers,
    finish: Finish,
) -> None:
    """What is in the lane, what waits for its receiver, and who was turned off."""
    off = register().json["id"]
    client.post(f"/v1/webhooks/{off}/disable", headers=hooker)
    register(events=["prediction.succeeded"])
    for _ in range(3):
        submit()
    finish()

    answer = client.get("/v1/ops/webhooks", headers=operator)

    found = WebhookHealth.model_validate_json(answer.data)
    # A receiver that has not answered yet gets one at a time.
    assert (found.waiting, found.parked, found.running, found.scheduled) == (1, 2, 0, 0)
    assert (found.endpoint_count, found.disabled_count) == (2, 1)
    assert [one.webhook for one in found.disabled_endpoints] == [off]
    assert (found.paused_count, found.paused_receivers) == (0, [])
