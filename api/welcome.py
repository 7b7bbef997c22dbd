"""What a started installation tells: its houses, addresses and keys."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from api import showcase
from api.screen import Screen
from api.showcase import Sale
from api.stack import FLOWER_USER, Stack
from model_store.card import ModelCard
from worker import ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """Everything that somebody needs who wants to use the service now."""

    card: ModelCard
    sales: Sequence[Sale]
    url: str
    stack: Stack
    api_key: str = field(repr=False)
    operator_key: str = field(repr=False)

    @property
    def flower_url(self) -> str:
        """Where Flower is."""
        return f"http://{ports.LOOPBACK}:{self.stack.flower_port}"

    def show(self, screen: Screen, *, as_json: bool) -> None:
        """Print it for people, or as one JSON object."""
        if as_json:
            screen.record(self.to_dict())
            return
        screen.houses(self.sales, self._title())
        screen.addresses(
            {
                "API": self.url,
                "Docs": f"{self.url}/docs",
                "Flower": f"{self.flower_url}  user {FLOWER_USER},"
                f" password {self.stack.flower_password}",
                "Key": f"{self.api_key}  (predict, read)",
                "Operator": f"{self.operator_key}  (operate, read)",
                "Logs": str(self.stack.state.logs),
            }
        )
        screen.paste(showcase.curl(self.url, self.api_key, self.sales[0].house))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "url": self.url,
            "docs_url": f"{self.url}/docs",
            "flower": {
                "url": self.flower_url,
                "user": FLOWER_USER,
                "password": self.stack.flower_password,
            },
            "api_key": self.api_key,
            "operator_key": self.operator_key,
            "model": self.card.version,
            "houses": [
                {
                    "house": dict(sale.house),
                    "sold_for": sale.sold_for,
                    "sold_on": sale.sold_on,
                    "in_range": sale.is_within,
                    **sale.output,
                }
                for sale in self.sales
            ],
        }

    def _title(self) -> str:
        held = sum(sale.is_within for sale in self.sales)
        level = self.card.interval.level
        return (
            f"{len(self.sales)} sales of {self.card.name}, in {self.card.currency}:"
            f" the {level:.0%} range holds {held} of them"
        )
