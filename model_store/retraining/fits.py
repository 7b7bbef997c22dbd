"""Fits that are not made twice: two trials of one retraining share most of them."""

from collections.abc import Callable

from model_store.dataset import Dataset
from model_store.recipe import pipelines
from model_store.recipe.pipelines import Fitted, Recipe


class Fits:
    """Fits models, and remembers each by what it was made of."""

    def __init__(self) -> None:
        self._known: dict[object, Fitted] = {}

    def __call__(
        self,
        sales: Dataset,
        recipe: Recipe,
        seed: int,
        *,
        told: Callable[[str], None] = lambda _: None,
    ) -> Fitted:
        """Return the model of some sales, as `pipelines.fit` makes it."""
        # All tables of one retraining begin alike, so their ends tell them apart.
        key = (len(sales), sales.last_day, recipe, seed)
        if key not in self._known:
            self._known[key] = pipelines.fit(sales, recipe, seed, told=told)
        else:
            for step in pipelines.STEPS:
                told(step)
        return self._known[key]
