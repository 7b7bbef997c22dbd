"""The steps of a retraining, in order; a crash in any of them changes no price."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from model_store import artifact, logs, training
from model_store.aliases import Aliases
from model_store.card import ModelCard
from model_store.errors import DatasetError
from model_store.recipe import evaluation
from model_store.recipe.pipelines import Recipe
from model_store.retraining import gather, trial, validate, verdict
from model_store.retraining.fits import Fits
from model_store.retraining.gather import Gathered
from model_store.retraining.report import Report
from model_store.retraining.rules import Rule
from model_store.retraining.split import FEWEST_TESTED, Split, split
from model_store.retraining.trial import Trial
from model_store.serving.predictor import Predictor
from model_store.storage.lease import Lease
from model_store.storage.signing import SigningKey
from model_store.store import ModelStore

STEPS = (
    *("gather", "validate", "split", "train", "evaluate", "verdict"),
    *("register", "promote"),
)

_log = logs.logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be retrained.

    Attributes:
        store: Where versions are.
        key: Signs a new one.
        gather: Reads the sales.
        now: UTC.
        seed: Of everything random.
        promote: Whether a candidate that is fit to price does so at once.
    """

    store: ModelStore
    key: SigningKey
    gather: Callable[[], Gathered]
    now: dt.datetime
    seed: int = 0
    promote: bool = True


class Retraining:
    """Makes one retraining.

    Args:
        order: What is to be made.
        told: Told steps done, steps in all and what is done now.
        fits: Fits models.
        recipe: Of the candidate.
    """

    def __init__(
        self,
        order: Order,
        *,
        told: Callable[[int, int, str], None] = lambda *_: None,
        fits: Fits | None = None,
        recipe: Recipe | None = None,
    ) -> None:
        self._order = order
        self._store = order.store
        self._told = told
        self._fits = fits or Fits()
        self._recipe = recipe or Recipe()

    def run(self) -> Report:
        """Go through the steps, as far as the verdict of each lets it.

        Raises:
            LeaseHeld: Another retraining is under way in this store.
            AliasesChanged: Somebody changed the aliases meanwhile.
            ArtifactError: The champion is damaged or not trusted.
            ArchiveError: The archive cannot be used.
            StoreError: The store cannot be read or written.
        """
        with self._store.lease("retraining") as lease:
            before = self._store.aliases()
            champion = self._store.card(before.champion) if before.champion else None
            report = Report(before.champion)
            try:
                chosen = self._examined(report, before, champion)
                if chosen is not None and self._passes(report, chosen, champion):
                    lease.confirm()
                    self._register(report, chosen, before)
                    self._promote(report, lease)
            except DatasetError as error:
                rule = Rule("table", held=False, figure="", bound="", said=str(error))
                report.judge([rule], otherwise="bad_data")
        _tell(report)
        return report

    def _examined(
        self, report: Report, before: Aliases, champion: ModelCard | None
    ) -> Split | None:
        """Return the sales in two parts; None where they are no good or no news."""
        self._begin("gather")
        with report.step("gather") as found:
            gathered = self._order.gather()
            found.update(gathered.told())
        self._begin("validate")
        with report.step("validate") as found:
            found["digest"] = gather.digest(gathered.sales)
            rules = self._checked(gathered, champion)
        if not report.judge(rules, otherwise="bad_data"):
            return None
        self._begin("split")
        with report.step("split"):
            chosen = split(gathered.sales, champion)
            report.test = _described(chosen)
        rules = [self._news(chosen, champion), self._not_made(before, report)]
        return chosen if report.judge(rules, otherwise="unchanged") else None

    def _checked(self, gathered: Gathered, champion: ModelCard | None) -> list[Rule]:
        today = self._order.now.date()
        return [
            gather.misfits(gathered),
            *validate.checks(gathered.sales, champion, today),
        ]

    def _news(self, chosen: Split, champion: ModelCard | None) -> Rule:
        """Tell whether a candidate could differ from the champion at all."""
        bound = f"at least {2 * FEWEST_TESTED} sales, or another recipe"
        said = f"{chosen.newer:,} sales are later than the champion's: {bound} is news"
        held = chosen.opponent != "refitted"
        if champion is not None and not held:
            known = trial.recipe_of(champion)
            held = known is not None and known != (self._recipe, self._order.seed)
        return Rule("news", held, chosen.newer, bound, said)

    def _not_made(self, before: Aliases, report: Report) -> Rule:
        """Tell whether no challenger was made of these very sales."""
        waiting = before.challenger
        digest = _digest_in(report.steps)
        is_made = waiting is not None and not self._order.promote
        if waiting is not None and is_made:
            card = self._store.card(waiting)
            known = card.training.get("retraining", {}).get("steps", ())
            is_made = _digest_in(known) == digest
        said = (
            f"{waiting} was made of these very sales, and waits for a person"
            if is_made
            else "no challenger was made of these very sales"
        )
        return Rule("made", not is_made, str(waiting) if is_made else "", "none", said)

    def _passes(
        self, report: Report, chosen: Split, champion: ModelCard | None
    ) -> bool:
        """Train, evaluate and judge; tell whether the candidate may price."""
        self._begin("train")
        with report.step("train") as found:
            found["sales"] = len(chosen.before)
            ours = trial.forecast(chosen, self._recipe, self._order.seed, self._fits)
        self._begin("evaluate")
        with report.step("evaluate"):
            tried = Trial(ours, self._opposed(chosen, champion))
            report.figures = tried.figures()
        self._begin("verdict")
        with report.step("verdict"):
            level = champion.interval.level if champion else self._recipe.level
            rules = list(verdict.rules(tried, chosen.test, level))
        return report.judge(rules, otherwise="refuse")

    def _opposed(
        self, chosen: Split, champion: ModelCard | None
    ) -> evaluation.Outcome | None:
        if champion is None:
            return None
        if chosen.opponent == "serving":
            loaded = Predictor.load(self._store, champion.version)
            return trial.served(chosen.test, loaded)
        known = trial.recipe_of(champion)
        return None if known is None else trial.forecast(chosen, *known, self._fits)

    def _register(self, report: Report, chosen: Split, before: Aliases) -> None:
        """Fit the recipe to all sales, and publish it as the challenger."""
        self._begin("register")
        with report.step("register") as found:
            found["sales"] = len(chosen.sales)
        trained = training.train(
            chosen.sales,
            seed=self._order.seed,
            trained_at=self._order.now,
            recipe=self._recipe,
            fit=self._fits,
        )
        trained = replace(
            trained, training={**trained.training, "retraining": report.lasting()}
        )
        report.version = self._store.publish(artifact.dump(trained, self._order.key))
        self._generation = self._store.promote(
            report.version, post="challenger", if_generation=before.generation
        ).generation

    def _promote(self, report: Report, lease: Lease) -> None:
        if not self._order.promote or report.version is None:
            return
        self._begin("promote")
        lease.confirm()
        with report.step("promote"):
            self._store.promote(report.version, if_generation=self._generation)
            report.promoted = True

    def _begin(self, step: str) -> None:
        _log.info("retraining_step", step=step)
        self._told(STEPS.index(step), len(STEPS), step)


def _described(chosen: Split) -> dict[str, object]:
    return {
        "from": str(chosen.day),
        "to": str(chosen.sales.last_day),
        "sales": len(chosen.test),
        "learnt_from": len(chosen.before),
        "against": chosen.opponent,
    }


def _digest_in(steps: Iterable[Mapping[str, Any]]) -> str | None:
    return next((one["digest"] for one in steps if "digest" in one), None)


def _tell(report: Report) -> None:
    """Log the end; what a rule says may quote the table, its name does not."""
    decision = report.verdict.decision
    tell = _log.warning if decision in {"refuse", "bad_data"} else _log.info
    tell(
        "retraining_ended",
        decision=decision,
        champion_before=report.champion,
        version=report.version,
        promoted=report.promoted,
        broken=[rule.name for rule in report.verdict.rules if not rule.held],
    )
