"""What monitoring computed last, as it is kept."""

from dataclasses import dataclass
from typing import Any

#: Names of reports: all figures of realised sales, and what of them is watched.
ACCURACY, ACCURACY_STANDING = "accuracy", "accuracy_standing"
#: The alarms that operators were told of, and as whose.
DEGRADATION_TOLD = "degradation_told"


@dataclass(frozen=True, slots=True)
class Report:
    """A report and its age."""

    #: In ms since the epoch.
    made_ms: int
    body: dict[str, Any]
