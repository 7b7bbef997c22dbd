"""What a person decided is told from what a retraining did."""

import datetime as dt

import numpy as np

from model_store.dataset import Dataset
from model_store.retraining import validate
from model_store.retraining.standing import Standing
from model_store.store import ModelStore
from tests.model_store.retraining.conftest import (
    UNTIL,
    Retrain,
    Write,
    broken,
    chosen,
    unchanged,
)
from tests.small_model import changed


def test_only_a_rollback_is_taken_for_one(
    models: ModelStore, market: Dataset, old_champion: dict[str, bytes]
) -> None:
    """A retraining on a shorter table puts an older model there, and undoes nothing."""
    first = models.card(models.resolve("champion"))
    made = {"retraining": {"champion_before": first.version}}
    shorter = changed(
        old_champion,
        version="20140801-00000002",
        as_of="2014-08-01",
        training={**first.training, **made},
    )
    models.promote(models.publish(shorter))
    after_retraining = _may_follow(models, market)
    models.rollback()

    assert after_retraining
    assert not _may_follow(models, market)


def test_too_few_newer_sales_tell_nothing_yet(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """That is a reason of its own: nobody said that a candidate was worse."""
    some = market.split(dt.date(2014, 12, 20))[0]

    with unchanged(models):
        report = retrain(write(some))

    assert (report.verdict.decision, broken(report)) == ("undecided", ["enough"])
    assert "not enough to tell" in report.verdict.reasons[0]
    assert "train" not in [one["step"] for one in report.steps]


def test_a_challenger_on_trial_stays(
    retrain: Retrain,
    models: ModelStore,
    market: Dataset,
    write: Write,
    old_champion: dict[str, bytes],
) -> None:
    """Whoever tries it has not been asked; a person may say otherwise."""
    tried = models.publish(changed(old_champion, version="20141129-00000002"))
    models.promote(tried, post="challenger", share=10)

    with unchanged(models):
        report = retrain(write(market), anew=False)

    assert (report.verdict.decision, broken(report)) == ("unchanged", ["trial"])
    assert f"{tried} is on trial with 10 %" in report.verdict.reasons[0]
    assert retrain(write(market), anew=False, replace_challenger=True).promoted
    assert models.aliases().challenger is None


def test_what_was_rolled_back_from_stays_so(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """Until there are as many newer sales as tell, or a person says so."""
    first = retrain(write(market), anew=False)
    models.rollback()

    with unchanged(models):
        report = retrain(write(market), anew=False)

    assert (report.verdict.decision, broken(report)) == ("unchanged", ["rolled_back"])
    assert f"{first.version} was rolled back from" in report.verdict.reasons[0]
    assert retrain(write(market), anew=False, again=True).version == first.version
    assert models.resolve("champion") == first.version


def test_fewer_sales_are_accepted_for_a_reason(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """It stands among the rules, which go to the card."""
    early = market.dates < np.datetime64(UNTIL)
    some = chosen(market, ~early | (np.arange(len(market)) % 20 > 0))

    with unchanged(models):
        assert broken(retrain(write(some))) == ["truncated"]
    report = retrain(write(some), accept_fewer="erased at the owners' wish")

    assert "evaluate" in [one["step"] for one in report.steps]
    rule = next(one for one in report.verdict.rules if one.name == "truncated")
    assert rule.said.endswith("accepted: erased at the owners' wish")


def test_after_an_erasure_alone_a_model_without_it_can_be_had(
    models: ModelStore, market: Dataset
) -> None:
    """No sale is newer, and still the model would be another one."""
    early = market.split(UNTIL)[0]
    some = chosen(early, np.arange(len(early)) % 20 > 0)
    champion = models.card(models.resolve("champion"))

    assert validate.lost(early, champion) == 0
    assert validate.lost(some, champion) == len(early) - len(some)
    rules = validate.checks(some, champion, dt.date(2026, 1, 1), "an erasure")
    assert all(rule.held for rule in rules)


def _may_follow(models: ModelStore, market: Dataset) -> bool:
    """Tell whether a candidate may come, however few sales are later."""
    aliases = models.aliases()
    champion = models.card(models.resolve("champion"))
    rule = Standing(models, aliases).taken_back(
        market, champion, fewest=len(market) + 1, again=False
    )
    return rule.held
