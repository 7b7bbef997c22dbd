"""How often a model raises an alarm that is just as good as is tolerated.

Draws rows of sales of models whose bias, error and ranges are all at the edge, and
counts the false alarms. In a minute or two of one core:

    python -m tests.model_store.monitoring.false_alarms
"""

from collections.abc import Iterator

import click
import numpy as np
from numpy.typing import NDArray

from model_store.monitoring import alarms

_SEED = 7
#: Rows, and sales of each.
_ROWS, _SALES = 20_000, 2_000
#: Errors of a price in units of their standard deviation: half are greater than the
#: one, 15 % than the other.
_HALF, _FEW = 0.674490, 1.439531

Flags = NDArray[np.bool_]


def spells(bad: Flags, most: float) -> Iterator[Flags]:
    """Yield after each sale which rows are in an alarm, as `alarms.spells` has it.

    Args:
        bad: Whether each sale is bad, shape (n_sales, n_rows).
        most: Share of bad sales that is tolerated.
    """
    worse = np.array([odds * most / (1 - most + odds * most) for odds in alarms.WORSE])
    cap = alarms.THRESHOLD * len(worse)
    ratios = np.ones((bad.shape[1], len(worse)))
    lasts = np.zeros(bad.shape[1], dtype=bool)
    for is_bad in bad:
        factors = np.where(is_bad[:, None], worse / most, (1 - worse) / (1 - most))
        ratios = np.minimum(factors * np.maximum(ratios, 1), cap)
        strength = ratios.mean(axis=1)
        lasts = (lasts & (strength > 1)) | (strength >= alarms.THRESHOLD)
        yield lasts


def count(bad: Flags, most: float) -> int:
    """Return how many alarms are raised; the arguments are those of `spells`."""
    before, number = np.zeros(bad.shape[1], dtype=bool), 0
    for lasts in spells(bad, most):
        number += int((lasts & ~before).sum())
        before = lasts
    return number


def main() -> None:
    """Print what was counted."""
    draw = np.random.default_rng(_SEED)
    # One error of each price makes all that is watched. Half of the prices are too low,
    # so of those that are too high there are fewer than is tolerated.
    error = draw.standard_normal((_SALES, _ROWS), dtype=np.float32)
    counts = {
        "bias, too low": count(error < 0, 0.5),
        "bias, too high": count(error > _HALF, 0.5),
        "mdape": count(np.abs(error) > _HALF, 0.5),
        "coverage": count(np.abs(error) > _FEW, 0.15),
    }
    click.echo(f"Of {error.size:,} sales:")
    for name, number in counts.items():
        click.echo(f"{name}: {number}")
    click.echo(f"all four: {sum(counts.values())}")


if __name__ == "__main__":
    main()
