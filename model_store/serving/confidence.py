"""How sure a price is, as the trade tells it."""

from typing import Any

#: Least confidence score of each band, best first, as the trade draws them.
_BANDS = ((86, "high"), (70, "medium"), (0, "low"))


def confidence(fsd: float, *, in_distribution: bool) -> dict[str, Any]:
    """Return score and band: what is left of 100 without the forecast deviation.

    The bands are those of the trade. A house unlike the sales is in the lowest one
    whatever its score, since no sale has tested the score of such a house.

    Args:
        fsd: Forecast standard deviation, as a share of the price.
        in_distribution: Whether the house is like the sales.
    """
    score = max(0, round(100 * (1 - fsd)))
    band = next(name for least, name in _BANDS if score >= least)
    return {"score": score, "band": band if in_distribution else "low"}
