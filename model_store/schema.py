"""The input schema that a model version carries, and the strict model made from it."""

import re
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    create_model,
)
from pydantic_core import PydanticCustomError

Kind = Literal["integer", "number", "category"]
Value = int | float | str

#: Longest text of a category value: bounds what a request can make us keep.
MAX_CATEGORY_LENGTH = 100
#: Pattern of any text but one with the character NUL, which PostgreSQL cannot keep.
WITHOUT_NUL = r"^[^\x00]*$"

_TYPES: dict[str, type[Value]] = {"integer": int, "number": float, "category": str}
#: From here on floats pass over integers.
_EXACT = 2**53
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Feature:
    """One input of a model.

    Attributes:
        name: Name on the wire and in the table.
        kind: `integer`, `number`, or `category` (text on the wire).
        description: What it means, one sentence.
        example: A typical value.
        unit: Unit of a number, for instance `ft2`; None without one.
        minimum: Least plausible value; anything below is refused.
        maximum: Greatest plausible value; anything above is refused.
        pattern: Regular expression that a category must match.
        required: Whether a house without it is refused.
        not_below: Name of an earlier feature, a number, that it must not be below, as
            a year of renovation must not be before that of building.
        none_as: Number that means that there is none, and is below nothing.
    """

    name: str
    kind: Kind
    description: str
    example: Value
    unit: str | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    pattern: str | None = None
    required: bool = True
    not_below: str | None = None
    none_as: int | float | None = None

    def __post_init__(self) -> None:
        """Refuse a name that cannot be a field.

        Raises:
            ValueError: The name is not a plain word, or pydantic keeps it.
        """
        if not _NAME.fullmatch(self.name) or hasattr(BaseModel, self.name):
            raise ValueError(
                f"feature name {self.name!r} cannot be used: expected letters, digits "
                "and underscores, beginning with a letter, and no name such as "
                "'copy' or 'json' that pydantic keeps; rename the column"
            )

    def field(self) -> tuple[Any, Any]:
        """Return the pydantic field definition: type and constraints."""
        category = self.kind == "category"
        kind: Any = _TYPES[self.kind]
        if self.not_below is not None:
            kind = Annotated[kind, AfterValidator(self._in_order)]
        constraints = Field(
            default=... if self.required else None,
            description=f"{self.description} Unit: {self.unit}."
            if self.unit
            else self.description,
            examples=[self.example],
            ge=self.minimum,
            le=self.maximum,
            pattern=self.pattern or (WITHOUT_NUL if category else None),
            min_length=1 if category else None,
            max_length=MAX_CATEGORY_LENGTH if category else None,
            json_schema_extra={"unit": self.unit} if self.unit else None,
        )
        return (kind if self.required else kind | None, constraints)

    def _in_order(self, value: float, info: ValidationInfo) -> float:
        """Let pass what is not below the other feature, where the house has it."""
        bound = info.data.get(str(self.not_below))
        if bound is None or value >= bound or value == self.none_as:
            return value
        none = "" if self.none_as is None else f", or {plain(self.none_as)} for none"
        raise PydanticCustomError(
            "below_other",
            "Expected at least {bound} as in {other}{none}, got {value}.",
            {
                "bound": plain(bound),
                "other": self.not_below,
                "none": none,
                "value": plain(value),
            },
        )


def plain(number: float) -> int | float:
    """Return a number as JSON is to show it: a whole one without a point.

    Beyond 2 to the 53rd no integer is exact, and JSON writers have their limits.
    """
    whole = abs(number) <= _EXACT and float(number).is_integer()
    return int(number) if whole else number


@dataclass(frozen=True)
class Schema:
    """What a house must look like to be priced by one model version."""

    features: tuple[Feature, ...]

    def __post_init__(self) -> None:
        """Refuse an order between features that cannot be checked.

        Raises:
            ValueError: A feature must not be below one that does not come before it,
                or that is no number.
        """
        numbers: set[str] = set()
        for feature in self.features:
            if feature.not_below is not None and feature.not_below not in numbers:
                raise ValueError(
                    f"feature {feature.name!r} must not be below "
                    f"{feature.not_below!r}: expected a number that comes before it"
                )
            if feature.kind != "category":
                numbers.add(feature.name)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all features, in order."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def example(self) -> dict[str, Value]:
        """A house that validates, made of each feature's example."""
        return {feature.name: feature.example for feature in self.features}

    @cached_property
    def _model(self) -> type[BaseModel]:
        fields: dict[str, Any] = {f.name: f.field() for f in self.features}
        return create_model(
            "House",
            __config__=ConfigDict(
                strict=True,
                extra="forbid",
                allow_inf_nan=False,
                frozen=True,
                json_schema_extra={"examples": [dict(self.example)]},
            ),
            __doc__="A house to be priced.",
            **fields,
        )

    def house_model(self) -> type[BaseModel]:
        """Return the strict pydantic model of a house; one class a schema object.

        Nothing is converted: "3" is not 3, True is not 1, 3.0 is no integer; an
        integer is accepted for a number. Unknown fields, NaN and infinities are
        refused. `model_validate_json` and `model_validate` behave alike.
        """
        return self._model

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema with descriptions, units and an example house."""
        return self._model.model_json_schema()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, without what is not set."""
        rows = [asdict(feature) for feature in self.features]
        return {
            "features": [
                {key: value for key, value in row.items() if value is not None}
                for row in rows
            ]
        }
