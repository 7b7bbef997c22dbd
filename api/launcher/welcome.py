"""What a started installation tells: its houses, addresses and keys."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.launcher import showcase
from api.launcher.local_keys import LocalKeys
from api.launcher.screen import Screen
from api.launcher.showcase import Sale
from api.launcher.stack import FLOWER_USER, Stack
from model_store.card import ModelCard
from worker.supervision import ports


class Welcome:
    """Tells it to people as it comes, or to programs as one JSON object at the end."""

    def __init__(self, screen: Screen, *, as_json: bool) -> None:
        self._screen = screen
        self._as_json = as_json
        self._record: dict[str, Any] = {}
        self._house: Mapping[str, Any] = {}

    def houses(self, card: ModelCard, sales: Sequence[Sale]) -> None:
        """Tell the prices of real houses, if they have come."""
        self._house = card.schema.example
        self._record["model"] = card.version
        self._record["houses"] = [_house(sale) for sale in sales]
        if sales and not self._as_json:
            title = f"{len(sales)} real sales of {card.name}, in {card.currency}"
            self._screen.houses(sales, title, _honest(card))

    def addresses(self, url: str, stack: Stack, keys: LocalKeys) -> None:
        """Tell where everything is and what opens it."""
        flower = {
            "url": f"http://{ports.LOOPBACK}:{stack.flower_port}",
            "user": FLOWER_USER,
            "password": stack.flower_password,
        }
        page_url, docs_url, ops_url = f"{url}/", f"{url}/docs", f"{url}/ops"
        if self._as_json:
            self._screen.record(
                {"url": url, "page_url": page_url, "docs_url": docs_url}
                | {"ops_url": ops_url, "flower": flower}
                | {"api_key": keys.user, "operator_key": keys.operator}
                | self._record
            )
            return
        self._screen.addresses(
            {
                "Try it": page_url,
                "API": url,
                "Docs": docs_url,
                "Operate": ops_url,
                "Flower": "{url}  user {user}, password {password}".format(**flower),
                "API key": keys.user,
                "Operator": keys.operator,
                "Logs": str(stack.state.logs),
            }
        )
        self._screen.paste(showcase.curl(url, keys.user, self._house))


def _honest(card: ModelCard) -> str:
    """Say what the table cannot: the shown model was fitted on these sales too."""
    test = card.metrics
    return (
        f"The model has seen these sales. On {test['n']:,} later ones that it had not, "
        f"half of its prices were within {test['mdape']:.1f} % and its "
        f"{card.interval.level:.0%} range held {test['coverage']:.0f} % of them."
    )


def _house(sale: Sale) -> dict[str, Any]:
    return {
        "house": dict(sale.house),
        "sold_for": sale.sold_for,
        "sold_on": sale.sold_on,
        "in_range": sale.is_within,
        **sale.output,
    }
