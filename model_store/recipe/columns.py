"""What the columns of a house are to a model: numbers, years, a place, categories."""

from dataclasses import dataclass
from typing import Self

from model_store.schema import Feature, Schema


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a schema by kind, all inferred from its definition.

    Attributes:
        numbers: Names of the numeric columns, in the schema's order.
        categories: Names of the categories, in the schema's order.
        years: Positions among `numbers` of calendar years, in which 0 means never.
        place: Positions among `numbers` of latitude and longitude; None without them.
    """

    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    years: tuple[int, ...]
    place: tuple[int, int] | None

    @classmethod
    def of(cls, schema: Schema) -> Self:
        """Return the columns of a schema."""
        numeric = [f for f in schema.features if f.kind != "category"]
        places = [
            [at for at, f in enumerate(numeric) if _is_angle(f, prefixes)]
            for prefixes in (("lat",), ("lon", "lng"))
        ]
        (latitudes, longitudes) = places
        found = len(latitudes) == len(longitudes) == 1
        return cls(
            numbers=tuple(f.name for f in numeric),
            categories=tuple(f.name for f in schema.features if f.kind == "category"),
            years=tuple(at for at, f in enumerate(numeric) if f.unit == "year"),
            place=(latitudes[0], longitudes[0]) if found else None,
        )

    @property
    def lacking(self) -> list[str]:
        """What prices rest on in other markets and not in this one, in words."""
        missing = {
            "no latitude and longitude: comparable sales are alike, not near": (
                self.place is None
            ),
            "no category, such as a zip code: districts are not told apart": (
                not self.categories
            ),
            "no year, such as that of building: age is not known": not self.years,
        }
        return [told for told, is_missing in missing.items() if is_missing]


def _is_angle(feature: Feature, prefixes: tuple[str, ...]) -> bool:
    return feature.unit == "deg" and feature.name.lower().startswith(prefixes)
