"""A price of a challenger beside the one that was answered."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shadow:
    """A price that was not answered, beside the one that was."""

    prediction_id: str
    #: Of the challenger.
    version: str
    #: When it was made, in ms since the epoch.
    made_ms: int
    price: float
    low: float
    high: float
    level: float
    fsd: float
    in_distribution: bool
    #: Of the version that answered.
    served_version: str
    served_price: float


@dataclass(frozen=True, slots=True)
class Sold:
    """What both said of a house, and what it was sold for."""

    price: float
    served_price: float
    sold_for: float
