"""Which requests are the same, however they are written."""

import json
from dataclasses import replace
from typing import Any

import pytest

from api.auth import Principal
from api.catalog import Catalog
from api.submission import submission
from model_store.store import ModelStore
from worker.webhook_settings import WebhookSettings
from worker.webhooks.sealing import new_key

_WEBHOOKS = WebhookSettings(secret_keys=(new_key(),))
CALLER = Principal("key", "acme", frozenset({"predict"}))
_HOOK = "https://hooks.example.com/kerbside"


@pytest.fixture
def catalog(store: ModelStore) -> Catalog:
    """Return the catalog of the test's store."""
    return Catalog(store)


def fingerprint(catalog: Catalog, **body: Any) -> str:
    """Return the fingerprint of a request."""
    text = json.dumps(body).encode()
    return submission(text, catalog, _WEBHOOKS, caller=CALLER).fingerprint


def test_a_house_has_one_canonical_text(
    catalog: Catalog, house: dict[str, Any]
) -> None:
    """Order, spacing and the form of a number make no difference."""
    turned = dict(reversed(house.items())) | {"lat": float(house["lat"])}
    texts = [
        json.dumps({"input": house}).encode(),
        json.dumps({"input": turned}, indent=2).encode(),
    ]

    jobs = [
        submission(text, catalog, _WEBHOOKS, caller=CALLER, idempotency_key=None)
        for text in texts
    ]

    assert jobs[0].input == jobs[1].input
    assert jobs[0].fingerprint == jobs[1].fingerprint
    assert jobs[0].id != jobs[1].id
    assert json.loads(jobs[0].input) == house


@pytest.mark.parametrize(
    "other",
    [
        {"metadata": {}},
        {"explain": False},
        {"version": None},
        {"version": "champion"},
        {"deadline": None},
        {"webhook": None, "webhook_events_filter": []},
    ],
    ids=str,
)
def test_the_same_request_written_otherwise_has_the_same_fingerprint(
    catalog: Catalog, house: dict[str, Any], other: dict[str, Any]
) -> None:
    """A default that is said asks for nothing else."""
    assert fingerprint(catalog, input=house) == fingerprint(
        catalog, input=house, **other
    )


def test_labels_and_numbers_have_one_form(
    catalog: Catalog, house: dict[str, Any]
) -> None:
    """Neither the order of labels nor 7618 for 7618.0 makes another request."""
    house = {**house, "lat": 47.0}
    one = fingerprint(catalog, input=house, metadata={"a": "1", "b": "2"}, deadline=60)
    other = fingerprint(
        catalog,
        input={**house, "lat": 47},
        metadata={"b": "2", "a": "1"},
        deadline=60.0,
    )

    assert one == other


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"a": "b"}},
        {"deadline": 60},
        {"version": "id"},
        {"webhook": _HOOK},
    ],
    ids=str,
)
def test_everything_that_is_asked_for_counts_in_the_fingerprint(
    catalog: Catalog, house: dict[str, Any], change: dict[str, Any]
) -> None:
    """Another request is another fingerprint; so is the champion under its own id."""
    if "version" in change:
        change = {"version": catalog.resolve("champion")}

    assert fingerprint(catalog, input=house) != fingerprint(
        catalog, input=house, **change
    )


def test_a_promotion_between_two_tries_changes_no_fingerprint(
    catalog: Catalog, house: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The champion counts as it was named, not as what it meant."""
    before = fingerprint(catalog, input=house)
    served = catalog.served()
    promoted = replace(served, card=replace(served.card, version="20990101-00000000"))
    monkeypatch.setattr(catalog, "served", lambda *_: promoted)

    assert fingerprint(catalog, input=house) == before


@pytest.mark.parametrize(
    "same", [None, [], ["completed"], ["logs", "completed", "output"]], ids=str
)
def test_a_filter_that_asks_for_the_same_events_makes_the_same_request(
    catalog: Catalog, house: dict[str, Any], same: list[str] | None
) -> None:
    """The end is what is sent when nothing is said; the start is another request."""
    plain = fingerprint(catalog, input=house, webhook=_HOOK)
    start = {"webhook": _HOOK, "webhook_events_filter": ["start", "completed"]}

    assert plain == fingerprint(
        catalog, input=house, webhook=_HOOK, webhook_events_filter=same
    )
    assert plain != fingerprint(catalog, input=house, **start)
