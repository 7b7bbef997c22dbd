"""What a person decided is told from what a retraining did."""

from model_store.dataset import Dataset
from model_store.retraining.standing import Standing
from model_store.store import ModelStore
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


def _may_follow(models: ModelStore, market: Dataset) -> bool:
    """Tell whether a candidate may come, however few sales are later."""
    aliases = models.aliases()
    champion = models.card(models.resolve("champion"))
    rule = Standing(models, aliases).taken_back(
        market, champion, fewest=len(market) + 1, again=False
    )
    return rule.held
