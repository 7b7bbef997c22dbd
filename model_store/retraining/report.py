"""What became of a retraining, step by step."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from model_store.retraining.rules import Decision, Rule, Verdict, judged


@dataclass(slots=True)
class Report:
    """What became of a retraining.

    Attributes:
        champion: Version that priced when it began.
        verdict: What is decided so far.
        test: What the test was.
        figures: Of candidate and champion on the test.
        steps: Name, findings and seconds of each step that was made.
        version: The new version; None where there is none.
        promoted: Whether that prices now.
    """

    champion: str | None
    verdict: Verdict = field(default_factory=lambda: Verdict("unchanged", ()))
    test: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    version: str | None = None
    promoted: bool = False

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, Any]]:
        """Note a step, with what is put into the dict about it."""
        began, found = time.monotonic(), {"step": name}
        yield found
        took = {"took_s": round(time.monotonic() - began, 1)}
        self.steps.append({**found, **took})

    def judge(self, rules: list[Rule], *, otherwise: Decision) -> bool:
        """Add rules to the verdict, and tell whether all are kept."""
        self.verdict = judged([*self.verdict.rules, *rules], otherwise=otherwise)
        return self.verdict.decision == "promote"

    def lasting(self) -> dict[str, Any]:
        """Return what a card says of it: of the same sales it is always the same."""
        steps = [{k: v for k, v in one.items() if k != "took_s"} for one in self.steps]
        return {
            **self.verdict.to_dict(),
            "champion_before": self.champion,
            "test": self.test,
            "figures": self.figures,
            "steps": steps,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON-ready values."""
        ended = {"version": self.version, "promoted": self.promoted}
        return {**self.lasting(), **ended, "steps": self.steps}
