"""The laws of which error a client is told."""

import pytest

from api.errors import ModelRefused, ServiceError, StoreUnavailable, UnknownVersion
from api.translation import as_service_error
from model_store.errors import ArtifactError, StoreError, UnknownModel
from worker.errors import MemoryFull, QueueFull, QueueRefusal
from worker.webhooks.errors import WebhookError


@pytest.mark.parametrize("refusal", [QueueFull, MemoryFull])
def test_a_refusal_is_spread_too(refusal: type[QueueRefusal]) -> None:
    """The time that the queue names is the least."""
    told = {
        int(as_service_error(refusal(20)).headers["Retry-After"]) for _ in range(200)
    }

    assert 20 <= min(told) < max(told) <= 30


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UnknownModel("/srv"), UnknownVersion),
        (StoreError("/srv"), StoreUnavailable),
        (ArtifactError("/srv"), ModelRefused),
        (RuntimeError("/srv"), ServiceError),
    ],
)
def test_no_client_reads_the_words_of_another_layer(
    error: Exception, told: type[ServiceError]
) -> None:
    """They may name paths; each kind has words of its own."""
    answer = as_service_error(error)

    assert type(answer) is told
    assert b"/srv" not in answer.body("id")


@pytest.mark.parametrize("error", WebhookError.__subclasses__())
def test_whatever_goes_wrong_around_webhooks_has_a_cause_of_its_own(
    error: type[WebhookError],
) -> None:
    """None of it is a fault of the service."""
    told = as_service_error(error())

    assert type(told) is not ServiceError
    assert told.status < 500
