"""What an operator says of dead letters and lanes."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from worker.credentials import ONE_LINE

#: Ids in one request, and characters of a reason.
MAX_IDS, MAX_REASON = 1000, 200

_DryRun = Annotated[
    bool, Field(description="Whether to tell only what would be done, and do nothing.")
]


class _Strict(BaseModel):
    """Nothing is converted and nothing unknown passed over."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class LetterFilter(_Strict):
    """Which dead letters are meant: all of what is said holds; `{}`: all letters."""

    cause: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=500,
            description="Part of their error, in any case of its letters.",
        ),
    ] = None
    version: Annotated[
        str | None,
        Field(
            min_length=1, max_length=128, description="The model version they are for."
        ),
    ] = None
    ids: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]] | None,
        Field(min_length=1, max_length=MAX_IDS, description="Their ids."),
    ] = None


class LetterAction(_Strict):
    """Dead letters that something is to be done to."""

    filter: LetterFilter
    dry_run: _DryRun = False


class LanePause(_Strict):
    """A pause of a lane."""

    reason: Annotated[
        str,
        Field(
            max_length=MAX_REASON,
            pattern=f"^{ONE_LINE}$",
            description="For those who find the lane paused.",
        ),
    ] = ""


class LanePurge(_Strict):
    """A purge of a lane."""

    dry_run: _DryRun = False
