"""Two model cards side by side."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from model_store.card import ModelCard

#: Parts of a card, in the order in which they are shown: how good the model is comes
#: first and whole, of what it was made from only what differs.
_METRICS = "metrics"
_MADE_FROM = ("data", "interval", "schema", "training")


@dataclass(frozen=True, slots=True)
class Line:
    """One field of both cards.

    Attributes:
        field: Its path, such as `metrics.mdape` or `schema.grade.maximum`.
        one: Its value in the first card, None where that has no such field.
        other: Its value in the second card.
        change: The first value less the second, of two numbers.
    """

    field: str
    one: Any
    other: Any
    change: float | None


def compare(one: ModelCard, other: ModelCard) -> list[Line]:
    """Return every figure of accuracy, and what else of two cards differs."""
    first, second = one.to_dict(), other.to_dict()
    lines = list(_lines(_METRICS, first[_METRICS], second[_METRICS]))
    for part in _MADE_FROM:
        both = _lines(part, first[part], second[part])
        lines += [line for line in both if line.one != line.other]
    return lines


def _lines(path: str, one: Any, other: Any) -> Iterator[Line]:
    values, others = dict(_flat(path, one)), dict(_flat(path, other))
    for field in dict.fromkeys([*values, *others]):
        pair = values.get(field), others.get(field)
        yield Line(field, *pair, _change(*pair))


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield each value that holds no other with its path."""
    if isinstance(value, list) and all(_is_named(item) for item in value):
        value = {item["name"]: item for item in value}
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{path}.{key}", inner)
    else:
        yield path, value


def _is_named(item: Any) -> bool:
    return isinstance(item, Mapping) and "name" in item


def _change(one: Any, other: Any) -> float | None:
    numbers = [type(value) in (int, float) for value in (one, other)]
    return one - other if all(numbers) else None
