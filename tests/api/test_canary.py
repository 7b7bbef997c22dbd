"""The laws of the share of jobs that a challenger prices."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from api.auth import Principal
from api.catalog import ALIAS_TTL_S, Catalog
from api.submission import submission
from model_store.storage.manifest import CARD
from model_store.store import ModelStore
from tests import second_version, small_model
from tests.clock import Clock
from worker.jobs import Submission
from worker.versions import Findings, Refusal
from worker.webhook_settings import WebhookSettings

Submitted = Callable[..., Submission]
Give = Callable[..., None]

HOUSES = 200
#: A version with the champion's schema, and one that knows no `view`.
ALIKE, OTHER = "20160201-00000000", second_version.SECOND


@pytest.fixture
def findings() -> Findings:
    """Return what workers say, to which a test may add."""
    return Findings(refused={}, now=1)


@pytest.fixture
def catalog(own_store: ModelStore, findings: Findings, clock: Clock) -> Catalog:
    """Return the catalog of a store that the test may write to."""
    files = own_store.files(own_store.resolve("champion"))
    own_store.publish(small_model.changed(files, version=ALIKE))
    fresh = ModelStore(own_store.url, own_store.trust)
    return Catalog(fresh, ask_workers=lambda: findings, clock=clock)


@pytest.fixture
def submitted(catalog: Catalog, house: dict[str, Any]) -> Submitted:
    """Return a function that submits the house with another size of the lot."""

    def submitted(
        sqft_lot: int,
        *,
        tenant: str = "acme",
        more: Mapping[str, Any] = {},
        **body: Any,
    ) -> Submission:
        document = {"input": {**house, "sqft_lot": sqft_lot, **more}, **body}
        caller = Principal("key", tenant, frozenset({"predict"}))
        text = json.dumps(document).encode()
        return submission(text, catalog, WebhookSettings(), caller=caller)

    return submitted


@pytest.fixture
def give(own_store: ModelStore, clock: Clock) -> Give:
    """Return a function that gives a version a share."""

    def give(share: float, version: str = ALIKE) -> None:
        own_store.promote(version, post="challenger", share=share)
        clock.seconds += ALIAS_TTL_S

    return give


def drawn(submitted: Submitted, **more: Any) -> set[int]:
    """Return which of the houses the challenger prices."""
    lots = range(1000, 1000 + HOUSES)
    return {one for one in lots if submitted(one, **more).version == ALIKE}


def test_a_challenger_without_a_share_prices_nothing(
    submitted: Submitted, give: Give
) -> None:
    """It is named, and no client notices."""
    give(0)

    assert drawn(submitted) == set()


def test_a_share_is_about_what_was_asked_for(submitted: Submitted, give: Give) -> None:
    """Its jobs are pinned to the challenger and say so; 100 % are all."""
    give(25)
    some = drawn(submitted)
    assert 30 <= len(some) <= 70

    job = submitted(min(some))
    assert (job.version, job.alias) == (ALIKE, "challenger")

    give(100)
    assert len(drawn(submitted)) == HOUSES


def test_the_draw_sticks_to_tenant_and_house(submitted: Submitted, give: Give) -> None:
    """A larger share has those of a smaller; another tenant has others."""
    give(25)
    some = drawn(submitted)

    assert drawn(submitted) == some
    assert drawn(submitted, tenant="beta") != some
    give(50)
    assert drawn(submitted) > some


def test_a_house_is_drawn_however_it_is_written(
    submitted: Submitted, give: Give, house: dict[str, Any]
) -> None:
    """What counts is its canonical text."""
    give(25)
    some = drawn(submitted)

    assert drawn(submitted, more={"lat": float(house["lat"])}) == some
    assert drawn(submitted, version="champion", metadata={"a": "b"}) == some


def test_who_names_a_version_gets_it(
    submitted: Submitted, give: Give, own_store: ModelStore
) -> None:
    """The share is of what is submitted for the champion."""
    give(100)
    first = own_store.resolve("champion")

    named = submitted(1000, version=first)
    assert (named.version, named.alias) == (first, None)
    give(0)
    tried = submitted(1000, version="challenger")
    assert (tried.version, tried.alias) == (ALIKE, "challenger")


def test_a_house_that_the_challenger_does_not_take_is_the_champions(
    submitted: Submitted, give: Give, own_store: ModelStore
) -> None:
    """The client wrote it for the champion's schema."""
    give(100, OTHER)

    job = submitted(1000)

    assert (job.version, job.alias) == (own_store.resolve("champion"), "champion")


def test_a_repeat_is_the_same_request_whatever_the_share(
    submitted: Submitted, give: Give
) -> None:
    """Its fingerprint does not tell who prices, so its key finds the same job."""
    give(0)
    before = submitted(1000)
    give(100)
    after = submitted(1000)

    assert before.version != after.version
    assert before.fingerprint == after.fingerprint


def test_a_challenger_that_workers_refuse_prices_nothing(
    submitted: Submitted, give: Give, findings: Findings
) -> None:
    """The champion takes its share until they have it."""
    refusal = Refusal(reason="damaged", count=1, since=1, last=1)
    findings.refused[ALIKE] = refusal  # type: ignore[index] # the test's own dict
    give(100)

    assert drawn(submitted) == set()


def test_a_challenger_whose_card_is_damaged_prices_nothing(
    submitted: Submitted, give: Give, own_store: ModelStore
) -> None:
    """That is no reason to refuse a client who has not asked for it."""
    give(100)
    (Path(own_store.url) / ALIKE / CARD).write_text("{}")

    assert drawn(submitted) == set()
