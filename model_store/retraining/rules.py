"""What a retraining looks at, one rule each, and how it tells what it found."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

#: What comes of a retraining: the candidate prices, or may; it is refused for its
#: figures; there is nothing to be gained, or no room; too few sales to tell; the sales
#: are not fit to be learnt from.
Decision = Literal["promote", "refuse", "unchanged", "undecided", "bad_data"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, what was found, and what it has to be.

    Attributes:
        name: Of the rule.
        held: Whether it is kept.
        figure: What was found.
        bound: What it has to be.
        said: Both, in words.
    """

    name: str
    held: bool
    figure: float | str
    bound: str
    said: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided, and by which rules."""

    decision: Decision
    rules: tuple[Rule, ...]

    @property
    def reasons(self) -> list[str]:
        """The rules that decided: those broken, or else all."""
        broken = [rule.said for rule in self.rules if not rule.held]
        return broken or [rule.said for rule in self.rules]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        rules = [
            {name: getattr(rule, name) for name in Rule.__slots__}
            for rule in self.rules
        ]
        return {"decision": self.decision, "reasons": self.reasons, "rules": rules}


def judged(rules: Iterable[Rule], *, otherwise: Decision) -> Verdict:
    """Return the verdict of rules of which all must be kept for a promotion."""
    found = tuple(rules)
    decision: Decision = "promote" if all(rule.held for rule in found) else otherwise
    return Verdict(decision, found)
