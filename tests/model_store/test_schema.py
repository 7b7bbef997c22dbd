"""A schema lets through what its model can price, and nothing else."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from model_store.schema import Feature, Schema

SCHEMA = Schema(
    (
        Feature("rooms", "integer", "Rooms.", 3, minimum=0, maximum=50),
        Feature("area", "number", "Space.", 80.5, "m2", 5, 1000),
        Feature("post", "category", "Post code.", "01234", pattern="^[0-9]{5}$"),
        Feature("heating", "category", "Heating.", "gas", required=False),
    )
)
GOOD: dict[str, Any] = {"rooms": 3, "area": 80.5, "post": "01234"}


def test_a_good_house_passes_from_json_and_from_python_alike() -> None:
    """Both ways in give the same house."""
    house = SCHEMA.house_model()

    assert house.model_validate(GOOD) == house.model_validate_json(json.dumps(GOOD))


@pytest.mark.parametrize(
    ("years", "is_taken"),
    [
        ({"built": 1975, "renovated": 1990}, True),
        ({"built": 1975, "renovated": 1975}, True),
        ({"built": 1975, "renovated": 0}, True),
        ({"renovated": 1990}, True),
        ({"built": 1975}, True),
        ({"built": 1975, "renovated": 1974}, False),
        ({"built": 1975, "renovated": 5}, False),
    ],
)
def test_what_cannot_be_before_another_is_refused(
    years: dict[str, int], *, is_taken: bool
) -> None:
    """But what means that there is none; and where there is no other."""
    schema = Schema(
        (
            Feature("built", "integer", "Built.", 1970, required=False),
            Feature(
                *("renovated", "integer", "Renovated.", 0),
                required=False,
                not_below="built",
                none_as=0,
            ),
        )
    )
    model = schema.house_model()
    if is_taken:
        model.model_validate(years)
        return
    with pytest.raises(ValidationError) as caught:
        model.model_validate(years)
    (error,) = caught.value.errors()
    assert error["loc"] == ("renovated",)
    assert error["msg"].startswith("Expected at least 1975 as in built, or 0 for none")


@pytest.mark.parametrize("other", ["nothing", "post", "late", "area"])
def test_an_order_that_cannot_be_checked_is_no_schema(other: str) -> None:
    """Only a number that comes before can be compared with."""
    area = Feature("area", "number", "Space.", 80.5, not_below=other)
    post = Feature("post", "category", "Post code.", "01234")
    late = Feature("late", "number", "Late.", 1)

    with pytest.raises(ValueError, match="comes before it"):
        Schema((post, area, late))


def test_an_integer_is_a_number() -> None:
    """80 is accepted where 80.5 would be."""
    house = SCHEMA.house_model().model_validate_json(json.dumps(GOOD | {"area": 80}))

    assert house.model_dump()["area"] == 80


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rooms", "3"),
        ("rooms", 3.0),
        ("rooms", 3.5),
        ("rooms", True),
        ("rooms", None),
        ("rooms", -1),
        ("rooms", 51),
        ("rooms", 10**30),
        ("rooms", [3]),
        ("area", "80.5"),
        ("area", True),
        ("area", float("nan")),
        ("area", float("inf")),
        ("area", 4.9),
        ("post", 1234),
        ("post", "1234"),
        ("post", "012345"),
        ("post", "01234\n"),
        ("heating", ""),
        ("heating", "x" * 101),
        ("heating", 1),
        ("garden", 1),
    ],
)
def test_a_bad_value_is_refused_under_its_own_name(field: str, value: Any) -> None:
    """Nothing is converted, and the message points at the field."""
    house = SCHEMA.house_model()
    bad = GOOD | {field: value}

    with pytest.raises(ValidationError) as from_python:
        house.model_validate(bad)
    with pytest.raises(ValidationError) as from_json:
        house.model_validate_json(json.dumps(bad))

    for refused in (from_python.value, from_json.value):
        assert [error["loc"] for error in refused.errors()] == [(field,)]


@pytest.mark.parametrize("field", ["rooms", "area", "post"])
def test_a_required_feature_must_be_there(field: str) -> None:
    """Only what the schema calls optional may be left out."""
    house = {name: value for name, value in GOOD.items() if name != field}

    with pytest.raises(ValidationError):
        SCHEMA.house_model().model_validate(house)


def test_every_bad_field_is_named_at_once() -> None:
    """A client corrects a form in one go."""
    with pytest.raises(ValidationError) as refused:
        SCHEMA.house_model().model_validate({"rooms": -1, "area": "x", "nope": 1})

    assert {error["loc"][0] for error in refused.value.errors()} == {
        "rooms",
        "area",
        "post",
        "nope",
    }


def test_the_json_schema_says_units_limits_and_an_example() -> None:
    """What a form or a client generator needs is in the JSON Schema."""
    schema = SCHEMA.json_schema()

    area = schema["properties"]["area"]
    assert (area["unit"], area["minimum"], area["maximum"]) == ("m2", 5, 1000)
    assert area["description"] == "Space. Unit: m2."
    assert schema["required"] == ["rooms", "area", "post"]
    assert schema["additionalProperties"] is False
    SCHEMA.house_model().model_validate(schema["examples"][0])


def test_a_schema_survives_json() -> None:
    """What is stored with a model is what was meant."""
    text = json.dumps(SCHEMA.to_dict())

    assert TypeAdapter(Schema).validate_json(text) == SCHEMA


def test_the_house_model_is_made_once() -> None:
    """A request does not pay for building a class."""
    assert SCHEMA.house_model() is SCHEMA.house_model()


@pytest.mark.parametrize("name", ["", "_x", "1st", "two words", "copy", "model_dump"])
def test_a_name_that_cannot_be_a_field_is_refused(name: str) -> None:
    """The trouble shows when the definition is read, not when a house comes."""
    with pytest.raises(ValueError, match="rename the column"):
        Feature(name, "integer", "?", 1)
