"""What a client says of a property."""

import functools
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from api.request_body import Labels

#: Longest age that a valuation may have before it is stale: ten years.
MAX_AGE_S = 315_360_000


class PropertyRequest(BaseModel):
    """A house that is to be valued, again and again."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False
    )

    input: BaseModel
    max_age: Annotated[
        int | None,
        Field(
            ge=1,
            le=MAX_AGE_S,
            description="Seconds after which a valuation is stale and made anew; "
            "absent: age alone makes none stale.",
        ),
    ] = None
    metadata: Labels = {}


@functools.lru_cache(maxsize=8)
def property_model(house: type[BaseModel]) -> type[PropertyRequest]:
    """Return the model of a property whose house a model of houses has.

    Args:
        house: The model of its house.
    """
    fields: dict[str, Any] = {
        "input": (house, Field(description="The house to be valued."))
    }
    return create_model(
        "PropertyRequest",
        __base__=PropertyRequest,
        __doc__=PropertyRequest.__doc__,
        **fields,
    )
