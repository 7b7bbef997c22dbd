"""The laws of what is told of a challenger on the champion's houses."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from api import services
from api.app import create_app
from api.schemas import ChallengerComparison
from api.settings import ApiSettings
from model_store.archive.archive import Archive
from model_store.archive.outcome import Outcome
from model_store.archive.shadow import Shadow
from model_store.store import ModelStore
from tests.api.conftest import Headers, assert_problem
from tests.second_version import SECOND
from worker.shadow_totals import ShadowTotals

Compared = Callable[..., Any]

URL = "/v1/models/aliases/challenger/comparison"


@pytest.fixture
def archive_url(tmp_path: Path) -> str:
    """Return where an archive with its tables is."""
    url = f"sqlite:///{tmp_path / 'archive.db'}"
    archive = Archive(url)
    archive.migrate()
    archive.close()
    return url


@pytest.fixture
def compared(
    redis_url: str, own_store: ModelStore, operator: Headers
) -> Iterator[Compared]:
    """Return a function that asks an API, which may have an archive."""
    apps = []

    def compared(archive_url: str | None = None) -> Any:
        settings = ApiSettings(
            redis_url=redis_url,
            store_url=own_store.url,
            trusted_keys=own_store.trust.keys,
            archive_url=archive_url,
        )
        app = create_app(settings)
        apps.append(app)
        return app.test_client().get(URL, headers=operator)

    yield compared
    for app in apps:
        shared = services.of(app)
        shared.waiting.stop()
        if shared.archive:
            shared.archive.close()


def shadow(number: int, price: float, served: str) -> Shadow:
    """Return what the challenger said of a house that was priced at 500,000."""
    return Shadow(
        prediction_id=str(number),
        version=SECOND,
        made_ms=number,
        price=price,
        low=400_000,
        high=700_000,
        level=0.9,
        fsd=0.1,
        in_distribution=True,
        served_version=served,
        served_price=500_000,
    )


def sold(number: int, price: float) -> Outcome:
    """Return what a house was sold for."""
    return Outcome(
        tenant="acme",
        subject=str(number),
        prediction_id=str(number),
        price=price,
        sold_on=dt.date(2026, 3, 1),
        recorded_ms=9000,
    )


def test_without_a_challenger_there_is_nothing_to_compare(compared: Compared) -> None:
    """That is no fault."""
    assert_problem(compared(), 404, "no-challenger")


def test_what_was_priced_twice_is_told(
    compared: Compared, own_store: ModelStore, redis: redis_py.Redis
) -> None:
    """By ratios, with what it costs; without an archive nothing of sales."""
    own_store.promote(SECOND, post="challenger", share=5)
    champion = own_store.resolve("champion")
    told = {"version": SECOND, "served_version": champion, "served_price": 100}
    ShadowTotals(redis).add([{**told, "price": 110}] * 4, cpu_s=0.02)

    answer = ChallengerComparison.model_validate_json(compared().data)

    assert (answer.champion, answer.challenger) == (champion, SECOND)
    assert (answer.share, answer.shadow_every) == (5, 50)
    assert answer.prices.count == 4
    assert answer.prices.ratio == pytest.approx(1.1)
    assert answer.prices.quantiles is not None
    assert answer.prices.quantiles["p50"] == pytest.approx(1.1, rel=0.01)
    assert answer.prices.cpu_s_each == pytest.approx(0.005)
    assert answer.sales is None


def test_both_are_judged_by_the_same_sales(
    compared: Compared, own_store: ModelStore, archive_url: str
) -> None:
    """Of houses that both, the champion of now alone, priced and none learnt from."""
    own_store.promote(SECOND, post="challenger")
    champion = own_store.resolve("champion")
    archive = Archive(archive_url)
    archive.shadows.add(
        [
            *(shadow(number, 550_000, champion) for number in range(3)),
            shadow(3, 500_000, "another"),
        ]
    )
    known = replace(sold(2, 1), sold_on=own_store.card(champion).as_of)
    archive.outcomes.record([sold(0, 550_000), sold(1, 500_000), known, sold(3, 1)])
    archive.close()

    answer = ChallengerComparison.model_validate_json(compared(archive_url).data)

    assert answer.prices.count == 0
    assert answer.sales is not None
    assert (answer.sales.count, answer.sales.challenger_nearer) == (2, 1)
    # Of 550,000 it missed none and the champion a eleventh; of 500,000 it a tenth.
    assert answer.sales.champion_mdape == pytest.approx(4.55)
    assert answer.sales.challenger_mdape == pytest.approx(5.0)


def test_an_archive_that_is_away_hides_no_prices(
    compared: Compared, own_store: ModelStore, tmp_path: Path
) -> None:
    """What Redis knows is told all the same."""
    own_store.promote(SECOND, post="challenger")

    answer = compared(f"sqlite:///{tmp_path / 'nowhere' / 'archive.db'}")

    assert answer.status_code == 200
    assert ChallengerComparison.model_validate_json(answer.data).sales is None
