"""The steps of a retraining, in order; a crash in any of them changes no price."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from model_store import actor, artifact, logs, training
from model_store.actor import Actor
from model_store.aliases import Aliases
from model_store.card import ModelCard
from model_store.dataset import Dataset
from model_store.errors import DatasetError
from model_store.recipe import evaluation
from model_store.recipe.pipelines import Recipe
from model_store.retraining import gather, trial, validate, verdict
from model_store.retraining.fits import Fits
from model_store.retraining.gather import Gathered
from model_store.retraining.report import Report
from model_store.retraining.rules import Rule
from model_store.retraining.split import Split, split
from model_store.retraining.standing import Standing, digest_in
from model_store.retraining.trial import Trial
from model_store.serving.predictor import Predictor
from model_store.settings import FEWEST_TESTED
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
        fewest_tested: Sales that a comparison with the champion needs.
        accept_fewer: Why there may be fewer sales than before; None: there may not.
        replace_challenger: Whether a challenger on trial may be replaced.
        again: Whether what was rolled back from may come again.
        by: Who has the aliases changed.
    """

    store: ModelStore
    key: SigningKey
    gather: Callable[[], Gathered]
    now: dt.datetime
    seed: int = 0
    promote: bool = True
    fewest_tested: int = FEWEST_TESTED
    accept_fewer: str | None = None
    replace_challenger: bool = False
    again: bool = False
    by: Actor = field(default_factory=lambda: Actor(actor.running("retraining")))


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
            chosen = split(gathered.sales, champion, self._order.fewest_tested)
            report.test = _described(chosen)
        rules = [
            self._news(chosen, champion),
            *self._room(report, before, champion, chosen.sales),
        ]
        if not report.judge(rules, otherwise="unchanged"):
            return None
        enough = self._enough(chosen, champion)
        return chosen if report.judge([enough], otherwise="undecided") else None

    def _checked(self, gathered: Gathered, champion: ModelCard | None) -> list[Rule]:
        today = self._order.now.date()
        fewer = self._order.accept_fewer
        return [
            gather.misfits(gathered),
            *validate.checks(gathered.sales, champion, today, fewer),
        ]

    def _room(
        self,
        report: Report,
        before: Aliases,
        champion: ModelCard | None,
        sales: Dataset,
    ) -> Iterator[Rule]:
        """Yield what keeps a version from being made, though its sales are new."""
        order, standing = self._order, Standing(self._store, before)
        yield standing.made(digest_in(report.steps), asks=not order.promote)
        yield standing.on_trial(may_end=order.replace_challenger)
        yield standing.taken_back(
            sales, champion, fewest=2 * order.fewest_tested, again=order.again
        )

    def _news(self, chosen: Split, champion: ModelCard | None) -> Rule:
        """Tell whether a candidate could differ from the champion at all."""
        bound = "sales, or another recipe"
        said = f"{chosen.newer:,} sales are later than the champion's: {bound} are news"
        held = chosen.newer > 0 or self._is_other(chosen, champion)
        return Rule("news", held, chosen.newer, bound, said)

    def _enough(self, chosen: Split, champion: ModelCard | None) -> Rule:
        """Tell whether newer sales suffice to tell a worse model from a better one."""
        fewest = 2 * self._order.fewest_tested
        bound = f"at least {fewest:,}"
        held = chosen.newer >= fewest or self._is_other(chosen, champion)
        said = (
            f"{chosen.newer:,} sales are later than the champion's, {bound} are needed "
            "to learn from half of them and test on the others"
        ) + ("" if held else ": not enough to tell whether a candidate is worse")
        return Rule("enough", held, chosen.newer, bound, said)

    def _is_other(self, chosen: Split, champion: ModelCard | None) -> bool:
        """Tell whether a candidate is none of the champion's recipe and sales."""
        if champion is None:
            return True
        if self._order.accept_fewer and validate.lost(chosen.sales, champion) > 0:
            return True
        known = trial.recipe_of(champion)
        return known is not None and known != (self._recipe, self._order.seed)

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
            report.version,
            post="challenger",
            if_generation=before.generation,
            by=self._order.by,
        ).generation

    def _promote(self, report: Report, lease: Lease) -> None:
        if not self._order.promote or report.version is None:
            return
        self._begin("promote")
        lease.confirm()
        with report.step("promote"):
            self._store.promote(
                report.version, if_generation=self._generation, by=self._order.by
            )
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
