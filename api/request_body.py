"""What a submit may say around the house, whatever the model version."""

import functools
import importlib.util
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from model_store.schema import WITHOUT_NUL
from worker.webhooks import event_types
from worker.webhooks.addresses import LONGEST_URL

#: Bounds of a client's own labels, those of the APIs that clients know.
MAX_LABELS, MAX_LABEL_NAME, MAX_LABEL_VALUE = 16, 64, 512
#: Longest deadline: results are not kept for longer than a day by default either.
MAX_DEADLINE_S = 86_400


def _later(nothing: Sequence[Any]) -> AfterValidator:
    """Refuse all but what says nothing; `0` says something, although it is falsy."""

    def check(value: Any) -> Any:
        if any(type(value) is type(one) and value == one for one in nothing):
            return value
        raise PydanticCustomError(
            "not_available_yet", "Not available yet; leave it out and poll"
        )

    return AfterValidator(check)


@functools.cache
def can_explain() -> bool:
    """Tell whether the extra is installed, without loading anything of it."""
    return importlib.util.find_spec("shap") is not None


def _explainable(asked: bool) -> bool:  # noqa: FBT001 - pydantic's own call
    if asked and not can_explain():
        raise PydanticCustomError(
            "explain_unavailable",
            "Reasons are not installed in this service; leave it out, or let its "
            "operator run: pip install kerbside[explain]",
        )
    return asked


def _without_nul(name: str) -> str:
    if "\0" in name:
        raise PydanticCustomError("string_pattern_mismatch", "Expected no NUL")
    return name


#: No pattern: the schema would say `patternProperties`, which leaves others free.
_Label = Annotated[
    str,
    Field(min_length=1, max_length=MAX_LABEL_NAME),
    AfterValidator(_without_nul),
]
_LABEL_NAMES = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_LABEL_NAME,
    "pattern": WITHOUT_NUL,
}
_LabelText = Annotated[str, Field(max_length=MAX_LABEL_VALUE, pattern=WITHOUT_NUL)]

#: A client's own labels.
Labels = Annotated[
    dict[_Label, _LabelText],
    Field(
        max_length=MAX_LABELS,
        json_schema_extra={"propertyNames": _LABEL_NAMES},
        description="Your own labels, returned with the prediction.",
    ),
]


class PredictionRequest(BaseModel):
    """A house to be priced, and how."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False
    )

    input: BaseModel
    version: Annotated[
        str | None,
        Field(description="Alias or id of the model version; default: the champion."),
    ] = None
    metadata: Labels = {}
    deadline: Annotated[
        float | None,
        Field(
            gt=0,
            le=MAX_DEADLINE_S,
            description="Seconds after which the price is of no use: a job that has "
            "not finished by then is canceled.",
        ),
    ] = None
    explain: Annotated[
        bool,
        AfterValidator(_explainable),
        Field(
            description="Whether the price is to come with its reasons: what each "
            "feature adds to it or takes from it. Computing them takes longer than "
            "pricing. Needs the extra kerbside[explain] on the server."
        ),
    ] = False
    stream: Annotated[
        Any,
        _later([None, False]),
        Field(
            description="Whether to send the result bit by bit; not available yet.",
            json_schema_extra={"type": ["boolean", "null"], "enum": [False, None]},
        ),
    ] = None
    webhook: Annotated[
        str | None,
        Field(
            max_length=LONGEST_URL,
            json_schema_extra={"format": "uri"},
            examples=["https://hooks.example.com/kerbside"],
            description="Where to send this prediction's events, signed; see "
            "`GET /v1/webhooks/default/secret`.",
        ),
    ] = None
    webhook_events_filter: Annotated[
        list[Literal["start", "output", "logs", "completed"]] | None,
        Field(
            max_length=len(event_types.FILTERS),
            json_schema_extra={"uniqueItems": True},
            description="Which events to send there: `start`, `completed` or both; by "
            "default `completed`. `output` and `logs` are taken for other clients' "
            "sake: here they come with the end.",
        ),
    ] = None

    @field_validator("webhook_events_filter")
    @classmethod
    def _filter(cls, wanted: list[str] | None, info: ValidationInfo) -> Any:
        if not wanted:
            return wanted
        if len(set(wanted)) < len(wanted):
            raise PydanticCustomError(
                "repeated_events", "An event is named twice: name each once"
            )
        # A webhook that is no text has its own error.
        if info.data.get("webhook", "") is None:
            raise PydanticCustomError(
                "webhook_missing",
                "There is no `webhook` to send these events to: say where, or leave "
                "this out",
            )
        if not event_types.of_filter(wanted):
            raise PydanticCustomError(
                "nothing_sent",
                "Nothing would ever be sent, for `output` and `logs` come with the "
                "end here: add `completed`, or leave this out",
            )
        return wanted
