"""Every verdict, on real sales: what may price does, and nothing else ever does."""

import datetime as dt
import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_store.dataset import Dataset
from model_store.errors import AliasesChanged, LeaseHeld
from model_store.retraining import validate
from model_store.retraining.fits import Fits
from model_store.retraining.pipeline import STEPS, Retraining
from model_store.retraining.report import Report
from model_store.schema import Feature
from model_store.serving.predictor import Predictor
from model_store.store import ModelStore
from tests.model_store.retraining.conftest import (
    UNTIL,
    Retrain,
    Write,
    order_of,
    unchanged,
)
from tests.small_model import RECIPE, TRUST, changed

#: Learns next to nothing.
_BLIND = replace(RECIPE, trees=1, learning_rate=0.01)


def _broken(report: Report) -> list[str]:
    assert len(report.verdict.reasons) == len(
        [rule for rule in report.verdict.rules if not rule.held]
    )
    return [rule.name for rule in report.verdict.rules if not rule.held]


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

    assert (report.verdict.decision, _broken(report)) == ("unchanged", ["news"])
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
    assert _broken(second) == ["made"]
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
    assert {"error", "ppe10"} <= set(_broken(report))
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
    assert "bias" in _broken(report)
    assert report.figures["candidate"]["median_bias"] > 5


def test_a_candidate_whose_ranges_hold_too_little_is_refused(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """The champion's level is what customers were promised."""
    with unchanged(models):
        report = retrain(write(market), recipe=replace(RECIPE, level=0.5))

    assert report.verdict.decision == "refuse"
    # What is wrong as a whole is wrong in its parts too.
    assert _broken(report) == ["coverage", "segments"]
    assert report.figures["candidate"]["coverage"] < 70


def test_a_column_that_knows_the_price_is_refused(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """An appraisal, whatever it is called, by how much of the price it explains."""
    noise = np.random.default_rng(0).lognormal(0, 0.05, len(market))
    houses = market.houses.assign(score=np.round(market.prices * noise))

    with unchanged(models):
        report = retrain(_with_column(write, replace(market, houses=houses), "score"))

    assert report.verdict.decision == "bad_data"
    assert _broken(report) == ["leakage"]
    assert "'score': it alone explains" in report.verdict.reasons[0]


@pytest.mark.parametrize("name", ["score", "list_price"])
def test_a_column_that_a_person_kept_is_no_leak(market: Dataset, name: str) -> None:
    """The definition has the last word, by name and by value."""
    houses = market.houses.assign(**{name: market.prices})
    column = Feature(name, "number", "Something.", 1)
    known = replace(
        market,
        houses=houses,
        definition=replace(
            market.definition, features=(*market.definition.features, column)
        ),
    )
    kept = replace(
        known, definition=replace(known.definition, kept={name: "you asked for it"})
    )

    def broken(sales: Dataset) -> list[str]:
        rules = validate.checks(sales, None, dt.date(2026, 1, 1))
        return [rule.name for rule in rules if not rule.held]

    assert broken(known) == ["leakage"]
    assert broken(kept) == []


def test_a_column_that_is_known_afterwards_is_refused(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """By its name, though it may follow no price."""
    houses = market.houses.assign(list_price=market.houses["sqft_lot"])

    with unchanged(models):
        report = retrain(
            _with_column(write, replace(market, houses=houses), "list_price")
        )

    assert _broken(report) == ["leakage"]
    assert (
        "'list_price': its name says that it is what was asked"
        in report.verdict.reasons[0]
    )


def test_a_table_that_was_cut_off_is_refused(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """The champion learnt from sales that are not there any more."""
    with unchanged(models):
        report = retrain(write(market.split(dt.date(2014, 9, 1))[0]))

    assert report.verdict.decision == "bad_data"
    assert _broken(report) == ["truncated"]


def test_a_month_that_hardly_came_is_refused(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """Of the last month a tenth arrived: a feed is broken."""
    last = market.dates >= np.datetime64("2015-04-15")
    sales = _rows(market, ~last | (np.arange(len(market)) % 20 == 0))

    with unchanged(models):
        report = retrain(write(sales))

    assert _broken(report) == ["volume"]


@pytest.mark.parametrize(
    ("spoil", "rule", "told"),
    [
        (lambda s: replace(s, prices=np.full(len(s), 5e5)), "one_price", "100.0 %"),
        (
            lambda s: replace(s, dates=s.dates + np.timedelta64(5000, "D")),
            "dates",
            "no sale may be later",
        ),
        (lambda s: _rows(s, np.arange(len(s)) // 2 * 2), "duplicates", "there twice"),
        (
            lambda s: replace(s, houses=s.houses.assign(condition=9.0)),
            "table",
            "column 'condition'",
        ),
    ],
    ids=["one price", "dates to come", "copies", "out of range"],
)
def test_sales_that_are_none_are_refused(
    retrain: Retrain,
    models: ModelStore,
    market: Dataset,
    write: Write,
    spoil: Callable[[Dataset], Dataset],
    rule: str,
    told: str,
) -> None:
    """Before anything is trained, each with its reason."""
    with unchanged(models):
        report = retrain(write(spoil(market)))

    assert report.verdict.decision == "bad_data"
    assert rule in _broken(report)
    assert told in " ".join(report.verdict.reasons)
    assert "train" not in [one["step"] for one in report.steps]


def test_the_sales_of_another_market_are_refused(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """A champion is compared with what prices the same houses."""
    with unchanged(models):
        report = retrain(write(market, name="elsewhere"))

    assert _broken(report) == ["data_set"]


def test_sales_with_other_columns_break_a_rule_and_nothing_else(
    models: ModelStore, market: Dataset
) -> None:
    """Whoever brings a table of their own meets the champion of another one."""
    features = tuple(
        replace(one, name=f"{one.name}_2", not_below=None)
        for one in market.schema.features
    )
    names = [f"{name}_2" for name in market.houses.columns]
    own = replace(
        market,
        definition=replace(market.definition, features=features),
        houses=market.houses.set_axis(names, axis="columns"),
    )
    champion = models.card(models.resolve("champion"))

    rules = list(validate.checks(own, champion, dt.date(2026, 1, 1)))

    assert [rule.name for rule in rules if not rule.held] == ["data_set"]


def test_the_log_names_broken_rules_and_quotes_no_sale(
    retrain: Retrain, market: Dataset, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    """What a table holds is for who runs the command."""
    condition = market.houses["condition"].replace(3, 77)
    retrain(write(replace(market, houses=market.houses.assign(condition=condition))))

    assert "retraining_ended" in caplog.text
    assert "77" not in caplog.text


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


def test_too_few_newer_sales_tell_nothing_yet(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """That is a reason of its own: nobody said that a candidate was worse."""
    some = market.split(dt.date(2014, 12, 20))[0]

    with unchanged(models):
        report = retrain(write(some))

    assert (report.verdict.decision, _broken(report)) == ("undecided", ["enough"])
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

    assert (report.verdict.decision, _broken(report)) == ("unchanged", ["trial"])
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

    assert (report.verdict.decision, _broken(report)) == ("unchanged", ["rolled_back"])
    assert f"{first.version} was rolled back from" in report.verdict.reasons[0]
    assert retrain(write(market), anew=False, again=True).version == first.version
    assert models.resolve("champion") == first.version


def test_fewer_sales_are_accepted_for_a_reason(
    retrain: Retrain, models: ModelStore, market: Dataset, write: Write
) -> None:
    """It stands among the rules, which go to the card."""
    early = market.dates < np.datetime64(UNTIL)
    some = _rows(market, ~early | (np.arange(len(market)) % 20 > 0))

    with unchanged(models):
        assert _broken(retrain(write(some))) == ["truncated"]
    report = retrain(write(some), accept_fewer="erased at the owners' wish")

    assert "evaluate" in [one["step"] for one in report.steps]
    rule = next(one for one in report.verdict.rules if one.name == "truncated")
    assert rule.said.endswith("accepted: erased at the owners' wish")


def test_after_an_erasure_alone_a_model_without_it_can_be_had(
    models: ModelStore, market: Dataset
) -> None:
    """No sale is newer, and still the model would be another one."""
    early = market.split(UNTIL)[0]
    some = _rows(early, np.arange(len(early)) % 20 > 0)
    champion = models.card(models.resolve("champion"))

    assert validate.lost(early, champion) == 0
    assert validate.lost(some, champion) == len(early) - len(some)
    rules = validate.checks(some, champion, dt.date(2026, 1, 1), "an erasure")
    assert all(rule.held for rule in rules)


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


def _rows(sales: Dataset, rows: Any) -> Dataset:
    return replace(
        sales,
        houses=sales.houses.iloc[np.arange(len(sales))[rows]].reset_index(drop=True),
        prices=sales.prices[rows],
        dates=sales.dates[rows],
    )


def _with_column(write: Write, sales: Dataset, name: str) -> Path:
    """Write sales that have one more column, as a feature."""
    path = write(sales)
    definition = json.loads(path.read_text())
    feature = {
        "name": name,
        "kind": "number",
        "description": "Something.",
        "example": 1,
        "required": False,
    }
    definition["features"].append(feature)
    path.write_text(json.dumps(definition))
    return path
