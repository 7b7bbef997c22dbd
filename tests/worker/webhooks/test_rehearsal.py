"""Laws of the example that tries a receiver out."""

from collections.abc import Callable

import orjson

from tests.worker.webhooks.site import Site
from worker.webhooks.rehearsal import rehearse


def test_it_is_an_event_as_every_other_with_a_label(
    make_site: Callable[..., Site],
) -> None:
    """Sent to the one endpoint, though it takes other events."""
    site = make_site()
    endpoint, other = site.endpoint("endpoint.*"), site.endpoint()

    delivery_id = rehearse(
        site.deliveries, "acme", endpoint.id, now_ms=1000, base_url="https://x"
    )

    (lease,) = site.take()
    assert lease.id == delivery_id
    (record,) = site.deliveries.load([lease])
    sent = orjson.loads(record[b"body"])
    assert (sent["type"], sent["data"]["status"]) == (
        "prediction.succeeded",
        "succeeded",
    )
    assert sent["data"]["metadata"] == {"test": True}
    assert sent["data"]["urls"]["get"].startswith("https://x/v1/predictions/")
    assert site.log(other.id) == []
