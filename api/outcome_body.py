"""Realised sales as a client tells them: one or many in JSON, or a CSV table."""

import functools
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, NoReturn

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
)
from pydantic_core import PydanticCustomError

from api import explanation, json_body, json_text, sales_table
from api.errors import MalformedBody
from api.house_file import HouseFile, WrongFile
from model_store.archive.property import PROPERTY_ID
from model_store.schema import Schema

#: Sales in a request, at most.
MOST = 1000
#: Lowest and highest price that a sale may have.
_LEAST, _GREATEST = 1, 1e12
#: So far ahead of UTC a day may have begun somewhere.
_FIRST_ZONE = timedelta(hours=14)


def _past(text: str) -> str:
    try:
        told = day(text)
    except ValueError:
        raise PydanticCustomError(
            "no_such_day", "Expected a day that there is, such as 2026-01-31."
        ) from None
    if told > (datetime.now(UTC) + _FIRST_ZONE).date():
        raise PydanticCustomError(
            "future_day", "Expected the day of a sale that has been, not a future one."
        )
    return text


def day(text: str) -> date:
    """Return the day that a sale's `sold_on` says."""
    return date.fromisoformat(text)


class _Sale(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False
    )

    price: Annotated[
        float,
        Field(
            ge=_LEAST,
            le=_GREATEST,
            description="Price paid, in the currency of the model.",
            examples=[612000],
        ),
    ]
    sold_on: Annotated[
        str,
        Field(
            pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            description="Day of the sale.",
            examples=["2026-01-31"],
            json_schema_extra={"format": "date"},
        ),
        AfterValidator(_past),
    ]


class PredictionSale(_Sale):
    """What a house was sold for that a prediction has priced."""

    prediction_id: Annotated[
        str,
        Field(
            pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
            description="Id of your prediction.",
            json_schema_extra={"format": "uuid"},
        ),
    ]


class PropertySale(_Sale):
    """What a property was sold for."""

    property_id: Annotated[
        str,
        Field(
            pattern=f"^{PROPERTY_ID.pattern}$",
            description="Your id of the property.",
            examples=["alder-1"],
        ),
    ]


@dataclass(frozen=True, slots=True)
class Told:
    """A sale as it was told, and where."""

    sale: BaseModel
    #: The house as canonical JSON; None where a prediction or a property is named.
    house: bytes | None
    #: What the errors about it say of their place.
    place: Mapping[str, Any]


@functools.lru_cache(maxsize=8)
def house_sale(house: type[BaseModel]) -> type[BaseModel]:
    """Return the model of a sale that tells its house, as a model of houses has it."""
    fields: dict[str, Any] = {
        "input": (house, Field(description="The house that was sold."))
    }
    return create_model(
        "HouseSale",
        __base__=_Sale,
        __doc__="What a house was sold for, whether it was priced or not.",
        **fields,
    )


def from_json(text: bytes, schema: Schema) -> list[Told]:
    """Return the sales of a JSON body: one, or a list of them in `outcomes`.

    Raises:
        MalformedBody: It is not JSON.
        InvalidSubmission: Some sale is not as expected; nothing was written.
    """
    document = json_text.parse(text)
    errors = json_body.repeated(text, document)
    if not (isinstance(document, dict) and "outcomes" in document):
        return _checked([({"pointer": ""}, document)], schema, errors)
    listed = document["outcomes"]
    if set(document) != {"outcomes"} or not isinstance(listed, list):
        _refused(errors, "/outcomes", "Expected a list, and nothing beside it.")
    if not 0 < len(listed) <= MOST:
        _refused(errors, "/outcomes", f"Expected 1 to {MOST} sales.")
    places = ({"pointer": f"/outcomes/{at}"} for at in range(len(listed)))
    return _checked(list(zip(places, listed, strict=True)), schema, errors)


def from_csv(text: bytes, schema: Schema) -> list[Told]:
    """Return the sales of a table whose first line names its columns.

    These are `price`, `sold_on` and `prediction_id`, `property_id` or the features of a
    house.

    Raises:
        MalformedBody: It is no table.
        InvalidSubmission: Some sale is not as expected; nothing was written.
    """
    kinds = sales_table.OWN | {
        feature.name: feature.kind for feature in schema.features
    }
    table = HouseFile(io.BytesIO(text), "The body")
    try:
        columns = table.columns
        rows = [
            ({"pointer": f"/outcomes/{at}", "line": line}, told)
            for at, (line, told) in enumerate(sales_table.rows(table, kinds))
        ]
    except WrongFile as error:
        raise MalformedBody(str(error)) from None
    unknown = [
        {
            "pointer": explanation.pointer([name]),
            "line": 1,
            "code": "unknown_column",
            "detail": "No column of a sale: leave it out"
            + explanation.suggestion(name, list(kinds)),
        }
        for name in columns
        if name not in kinds
    ]
    if not 0 < len(rows) <= MOST:
        _refused(unknown, "", f"Expected 1 to {MOST} sales below the first line.")
    return _checked(rows, schema, unknown)


def _checked(
    rows: Sequence[tuple[dict[str, Any], Any]],
    schema: Schema,
    errors: list[dict[str, Any]],
) -> list[Told]:
    model, found, number = house_sale(schema.house_model()), list[Told](), len(errors)
    for place, document in rows:
        sale, wrong = _validated(document, model)
        number += len(wrong)
        room = max(0, json_body.MAX_ERRORS - len(errors))
        errors += [_placed(one, place) for one in wrong[:room]]
        if not wrong:
            house = getattr(sale, "input", None)
            canonical = house and house.model_dump_json(exclude_none=True).encode()
            found.append(Told(sale, canonical, place))
    if errors:
        raise json_body.invalid(errors, number)
    return found


def _validated(
    document: Any, model: type[BaseModel]
) -> tuple[Any, list[dict[str, Any]]]:
    """Return a sale, and what is wrong with it."""
    kinds: dict[str, type[BaseModel]] = {
        "prediction_id": PredictionSale,
        "property_id": PropertySale,
        "input": model,
    }
    is_object = isinstance(document, dict)
    named = [name for name in kinds if is_object and name in document]
    kind, wrong = kinds[named[0]] if len(named) == 1 else _Sale, []
    if is_object and len(named) != 1:
        wrong = [_unclear(kinds, named)]
        # What is wrong beside that is told in the same answer.
        document = {name: document[name] for name in document if name not in kinds}
    try:
        return kind.model_validate(document), wrong
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        return None, wrong + [explanation.explained(kind, one) for one in found]


def _unclear(known: Iterable[str], named: Sequence[str]) -> dict[str, str]:
    detail = f"Expected one of {', '.join(known)}; got {', '.join(named) or 'none'}."
    return {"pointer": "", "detail": detail, "code": "one_of_expected"}


def _placed(told: Mapping[str, Any], place: Mapping[str, Any]) -> dict[str, Any]:
    return {**place, **told, "pointer": place["pointer"] + told["pointer"]}


def _refused(errors: list[dict[str, Any]], pointer: str, detail: str) -> NoReturn:
    errors = [*errors, {"pointer": pointer, "detail": detail, "code": "sales_expected"}]
    raise json_body.invalid(errors, len(errors))
