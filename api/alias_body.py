"""What an operator says of the aliases."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from model_store.aliases import Share

_Version = Annotated[
    str,
    Field(
        min_length=1, max_length=128, description="Version id, or an alias of another."
    ),
]


class _Strict(BaseModel):
    """Nothing is converted and nothing unknown passed over."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ChampionRequest(_Strict):
    """The version that is to price by default."""

    version: _Version


class ChallengerRequest(_Strict):
    """The version that is to be tried beside the champion."""

    version: _Version
    share: Annotated[
        Share,
        Field(
            description="Percent of what is submitted for the champion that it prices "
            "in its place, the same houses of a tenant each time."
        ),
    ] = 0
