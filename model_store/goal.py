"""What a figure of an assessment must show."""

import math
from dataclasses import dataclass

from pydantic import ConfigDict


@dataclass(frozen=True)
class Goal:
    """Between what a figure of an assessment must lie, both ends allowed."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: float) -> bool:
        """Tell whether a figure is as good as it must be."""
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        return low <= value <= high
