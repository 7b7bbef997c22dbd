"""/v1/models/aliases/challenger/comparison: the challenger on the champion's houses."""

import math
from collections.abc import Sequence
from statistics import median
from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api import answers
from api.alias_problems import NoChallenger
from api.answers import Answer
from api.auth import requires
from api.call import current_call
from api.services import Services
from model_store import logs
from model_store.archive.shadow import Sold
from model_store.errors import ArchiveError, ArtifactError
from worker.shadow_totals import QUANTILES, Totals

#: Sales that both are judged by, at most: the newest.
_MOST = 10_000

_log = logs.logger(__name__)

api = APIBlueprint(
    "comparison",
    __name__,
    url_prefix="/v1/models/aliases/challenger",
    abp_tags=[Tag(name="models")],
)


@api.get("/comparison", operation_id="compare_challenger")
@requires("operate")
def compare() -> Answer:
    """Read what the challenger says of houses that the champion has priced."""
    shared = current_call().shared
    aliases = shared.store.aliases()
    challenger, champion = aliases.challenger, aliases.champion
    if challenger is None or champion is None:
        raise NoChallenger
    totals = shared.shadow_totals.read(challenger, champion)
    return answers.json(
        {
            "champion": champion,
            "challenger": challenger,
            "share": aliases.share,
            "shadow_every": shared.settings.shadow_every,
            "prices": _prices(totals),
            "sales": _sales(shared, challenger, champion),
        }
    )


def _prices(totals: Totals) -> dict[str, Any]:
    """Return how the prices of both compare; ratios of challenger's over champion's."""
    ratios = [math.exp(log) for log in totals.quantiles]
    names = [f"p{round(100 * share):02}" for share in QUANTILES]
    return {
        "count": totals.count,
        "ratio": math.exp(totals.mean) if totals.count else None,
        "quantiles": dict(zip(names, ratios, strict=False)) if ratios else None,
        "cpu_s": totals.cpu_s,
        "cpu_s_each": totals.cpu_s / totals.count if totals.count else None,
    }


def _sales(shared: Services, challenger: str, champion: str) -> dict[str, Any] | None:
    """Return the median errors of both on the same sales; None: nobody can tell.

    Each sale is later than all that either has learnt from.
    """
    if shared.archive is None:
        return None
    try:
        after = max(shared.catalog.card(one).as_of for one in (challenger, champion))
        sold = shared.archive.shadows.sold(
            challenger, champion, after=after, most=_MOST
        )
    except (ArchiveError, ArtifactError) as error:
        _log.warning("sales_not_compared", reason=str(error))
        return None
    return {
        "count": len(sold),
        "champion_mdape": _mdape([(one.served_price, one.sold_for) for one in sold]),
        "challenger_mdape": _mdape([(one.price, one.sold_for) for one in sold]),
        "challenger_nearer": sum(map(_is_nearer, sold)),
    }


def _mdape(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return the median of absolute errors in percent of what houses were sold for."""
    errors = [100 * abs(said / sold_for - 1) for said, sold_for in pairs]
    return round(median(errors), 2) if errors else None


def _is_nearer(one: Sold) -> bool:
    """Tell whether the challenger came nearer to what a house was sold for."""
    return abs(one.price - one.sold_for) < abs(one.served_price - one.sold_for)
