"""Which submits for the champion the challenger prices in its place."""

import hashlib
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from api.catalog import CHALLENGER, Catalog, Served
from model_store.card import ModelCard

#: What a hash of so many bytes may be.
_BYTES, _DRAWS = 8, 2**64


@dataclass(frozen=True, slots=True)
class Pinned:
    """The model version that a job is priced by, and the house as it expects it."""

    card: ModelCard
    house: bytes
    #: The alias that led to it.
    alias: str | None


def house_of(request: Any) -> bytes:
    """Return the house of a validated request, one text per house.

    Its fields are in the schema's order, and absent ones left out.
    """
    text: str = request.input.model_dump_json(exclude_none=True)
    return text.encode()


def instead_of(
    champion: Pinned, document: Any, catalog: Catalog, *, tenant: str
) -> Pinned:
    """Return what prices a job of the champion's: the champion, or its challenger.

    Args:
        champion: What prices it while there is no challenger with a share.
        document: What the request said.
        catalog: Knows the challenger and its share.
        tenant: Whose house it is.
    """
    served, share = catalog.canary()
    if served is None or not _is_drawn(tenant, champion.house, served, share):
        return champion
    try:
        request = served.request_model.model_validate(document)
    except ValidationError:
        # Its schema is another: the client wrote for the champion's.
        return champion
    return Pinned(served.card, house_of(request), CHALLENGER)


def _is_drawn(tenant: str, house: bytes, served: Served, share: float) -> bool:
    """Tell whether a house is in the share: the same answer whenever it is asked.

    Who is in a small share stays in a larger one, and each challenger has others.
    """
    asked = b" ".join((served.card.version.encode(), tenant.encode(), house))
    draw = hashlib.blake2b(asked, digest_size=_BYTES).digest()
    return int.from_bytes(draw) * 100 < share * _DRAWS
