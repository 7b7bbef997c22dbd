"""Fits models one after the other and tells how far it is."""

from collections.abc import Callable, Sequence

from model_store.dataset import Dataset
from model_store.recipe import pipelines
from model_store.recipe.pipelines import STEPS, Fitted, Recipe

#: Called with work done, work in all and what was just done.
Progress = Callable[[int, int, str], None]


class Fitting:
    """Fits of one recipe whose sizes are known beforehand.

    A step counts as much as it takes, in sales, so that what is left can be reckoned
    from what has passed.
    """

    def __init__(
        self,
        recipe: Recipe,
        seed: int,
        sizes: Sequence[int],
        progress: Progress | None,
        fit: Callable[..., Fitted] = pipelines.fit,
    ) -> None:
        """Prepare fits.

        Args:
            recipe: Settings of the boosting.
            seed: Seed of everything random.
            sizes: Sales before each fit.
            progress: Told about each step of each fit.
            fit: Fits one model; as `pipelines.fit`.
        """
        self._fit = fit
        self._recipe = recipe
        self._seed = seed
        self._total = sum(map(_fitted_to, sizes)) * sum(STEPS.values())
        self._progress = progress
        self._done = 0

    def model(self, sales: Dataset) -> Fitted:
        """Return a model of some sales."""
        size = _fitted_to(len(sales))

        def told(step: str) -> None:
            self._done += size * STEPS[step]
            if self._progress:
                self._progress(self._done, self._total, f"{step}, {size:,} sales")

        return self._fit(sales, self._recipe, self._seed, told=told)


def _fitted_to(count: int) -> int:
    return min(count, pipelines.MOST_SALES)
