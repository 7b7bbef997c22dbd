"""Houses as they come in by mistake: in a wrong unit, with a slip, elsewhere."""

from collections.abc import Callable, Iterable
from typing import Any

from model_store.recipe.columns import Columns
from model_store.schema import Schema

House = dict[str, Any]

#: Square feet of a square metre.
_FT2_PER_M2 = 10.7639
#: Degrees to another city, some 200 km away.
_DEGREES_AWAY = 1.8


def unit_errors(schema: Schema) -> dict[str, Callable[[House], House]]:
    """Return the mistakes that can be made with houses of a schema, by name."""
    areas = {f.name: f.unit for f in schema.features if f.unit in ("ft2", "m2")}
    errors: dict[str, Callable[[House], House]] = {}
    if areas:
        errors["areas in the other unit"] = lambda house: _scaled(house, _other(areas))
        first = next(iter(areas))
        errors[f"an extra zero in {first}"] = lambda house: _scaled(house, {first: 10})
    columns = Columns.of(schema)
    if columns.place:
        latitude, longitude = (columns.numbers[at] for at in columns.place)
        errors["latitude and longitude swapped"] = lambda house: (
            house
            | {
                latitude: house.get(longitude),
                longitude: house.get(latitude),
            }
        )
        errors["another city"] = lambda house: _moved(house, (latitude, longitude))
    return errors


def _other(areas: dict[str, str]) -> dict[str, float]:
    """Return the factors that turn square feet into square metres, or back."""
    return {
        name: 1 / _FT2_PER_M2 if unit == "ft2" else _FT2_PER_M2
        for name, unit in areas.items()
    }


def _scaled(house: House, factors: dict[str, float]) -> House:
    given = {name: house[name] for name in factors if house.get(name) is not None}
    return house | {name: value * factors[name] for name, value in given.items()}


def _moved(house: House, place: Iterable[str]) -> House:
    given = {name: house[name] for name in place if house.get(name) is not None}
    return house | {name: value - _DEGREES_AWAY for name, value in given.items()}
