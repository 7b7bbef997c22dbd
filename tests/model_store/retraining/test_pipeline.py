"""Every verdict, on real sales: what may price does, and nothing else ever does."""

import datetime as dt
import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model_store.dataset import Dataset
from model_store.errors import AliasesChanged, LeaseHeld
from model_store.retraining.fits import Fits
from model_store.retraining.pipeline import STEPS, Retraining
from model_store.serving.predictor import Predictor
from model_store.store import ModelStore
from tests.model_store.retraining.conftest import (
    Retrain,
    Write,
    broken,
    order_of,
    unchanged,
)
from tests.small_model import RECIPE, TRUST, changed

#: Learns next to nothing.
_BLIND = replace(RECIPE, trees=1, learning_rate=0.01)


def test_a_better_candidate_is_promoted(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """It was held against the champion on sales that neither had seen."""
    before = models.resolve("champion")

    report = retrain(write(market), anew=False)

    assert (report.verdict.decision, report.promoted) == ("promote", True)
    assert models.resolve("champion") == report.version
    assert models.aliases().previous == before
    assert models.aliases().challenger is None
    figures = report.figures
    assert figures["candidate"]["n"] == figures["champion"]["n"] == report.test["sales"]
    assert figures["candidate"]["mdape"] < figures["champion"]["mdape"]
    assert report.test["against"] == "serving"


def test_the_card_tells_the_verdict_and_every_step(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """It is signed with the rest: nobody changes a verdict afterwards."""
    report = retrain(write(market), anew=False)

    card = models.card(str(report.version))
    told = card.training["retraining"]
    assert told["decision"] == "promote"
    assert told["champion_before"] == report.champion
    assert [one["step"] for one in told["steps"]] == list(STEPS[:7])
    assert all(rule["said"] and rule["bound"] for rule in told["rules"])
    assert card.data["last_sale"] == str(market.last_day)
    assert card.metrics["tested_from"] == report.test["from"]


def test_the_same_sales_bring_nothing_new(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """A retraining may be repeated at any time."""
    retrain(write(market), anew=False)

    with unchanged(models):
        report = retrain(write(market), anew=False)

    assert (report.verdict.decision, broken(report)) == ("unchanged", ["news"])
    assert report.version is None


def test_where_a_person_decides_the_candidate_waits_as_challenger(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """The champion goes on; a second retraining of the same sales does nothing."""
    before = models.resolve("champion")

    first = retrain(write(market), anew=False, promote=False)
    with unchanged(models):
        second = retrain(write(market), anew=False, promote=False)

    assert (first.verdict.decision, first.promoted) == ("promote", False)
    assert models.resolve("challenger") == first.version
    assert models.resolve("champion") == before
    assert broken(second) == ["made"]
    # Whoever decides to let it happen by itself gets the version that was looked at.
    assert retrain(write(market), anew=False).version == first.version


def test_a_first_model_is_held_to_what_needs_no_champion(
    tmp_path: Path, fits: Fits, market: Dataset, write: Write
) -> None:
    """Nothing prices yet: its error, bias and ranges decide."""
    empty = ModelStore(tmp_path / "empty", TRUST)
    order = order_of(empty, write(market))

    report = Retraining(order, fits=fits, recipe=RECIPE).run()

    assert report.promoted
    assert report.test["against"] == "none"
    assert report.figures["champion"] is None


def test_a_worse_candidate_is_refused(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """By its error on the same sales, with the interval of the difference."""
    with unchanged(models):
        report = retrain(write(market), recipe=_BLIND)

    assert report.verdict.decision == "refuse"
    assert {"error", "ppe10"} <= set(broken(report))
    assert "interval" in " ".join(report.verdict.reasons)


def test_a_biased_candidate_is_refused(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """Newer sales before the test are entered a fifth too high, as with a fee."""
    dear = market.dates >= np.datetime64("2015-02-01")
    dear &= market.dates < np.datetime64("2015-04-15")
    prices = np.where(dear, market.prices * 1.2, market.prices)

    with unchanged(models):
        report = retrain(write(replace(market, prices=prices)))

    assert report.verdict.decision == "refuse"
    assert "bias" in broken(report)
    assert report.figures["candidate"]["median_bias"] > 5


def test_a_candidate_whose_ranges_hold_too_little_is_refused(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """The champion's level is what customers were promised."""
    with unchanged(models):
        report = retrain(write(market), recipe=replace(RECIPE, level=0.5))

    assert report.verdict.decision == "refuse"
    # What is wrong as a whole is wrong in its parts too.
    assert broken(report) == ["coverage", "segments"]
    assert report.figures["candidate"]["coverage"] < 70


def test_with_too_few_newer_sales_recipes_are_compared_on_equal_terms(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """The champion's recipe is fitted anew to the sales before the test."""
    some = market.split(dt.date(2014, 12, 20))[0]

    with unchanged(models):
        report = retrain(write(some), recipe=_BLIND)

    assert report.test["against"] == "refitted"
    assert report.verdict.decision == "refuse"
    assert report.figures["champion"]["mdape"] < report.figures["candidate"]["mdape"]


def test_of_two_retrainings_one_goes_on(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """The other says who is at it."""
    with (
        models.lease("retraining"),
        unchanged(models),
        pytest.raises(LeaseHeld, match=r"another retraining is under way, on .* until"),
    ):
        retrain(write(market))


def test_who_promotes_meanwhile_has_the_last_word(
    models: ModelStore,
    market: Dataset,
    write: Write,
    fits: Fits,
    old_champion: dict[str, bytes],
) -> None:
    """A verdict is about the champion that was looked at."""
    other = models.publish(changed(old_champion, version="20141129-00000002"))

    def told(_: int, __: int, step: str) -> None:
        if step == "register":
            models.promote(other)

    order = order_of(models, write(market))
    with pytest.raises(AliasesChanged):
        Retraining(order, told=told, fits=fits, recipe=RECIPE).run()

    assert models.resolve("champion") == other


@pytest.mark.parametrize("step", STEPS)
def test_a_retraining_that_is_killed_changes_no_price(
    retrain: Retrain,
    models: ModelStore,
    market: Dataset,
    write: Write,
    fits: Fits,
    step: str,
) -> None:
    """Whenever it is; the next one finds nothing in its way."""
    before = models.resolve("champion")
    order = order_of(models, write(market))

    def told(_: int, __: int, now: str) -> None:
        if now == step:
            os.kill(os.getpid(), signal.SIGKILL)

    child = multiprocessing.get_context("fork").Process(
        target=Retraining(order, told=told, fits=fits, recipe=RECIPE).run
    )
    child.start()
    child.join()

    assert child.exitcode == -signal.SIGKILL
    assert models.resolve("champion") == before
    assert Predictor.load(models, before).predict([market.house(0)])
    assert retrain(write(market), anew=False).promoted
