"""How a version was made, and what it was held against, as its card has kept it."""

from collections.abc import Iterator, Mapping
from typing import Any

from model_store.card import ModelCard
from model_store.card_page.blocks import Rows, Section, Text

_FIGURES = {
    "n": "sales",
    "mdape": "median error %",
    "ppe10": "within 10 %",
    "median_bias": "median bias %",
    "coverage": "range held %",
}
_OPPONENTS = {
    "serving": "the champion as it served",
    "refitted": "the champion's recipe, fitted to the same earlier sales",
    "none": "no other version, for there was no champion",
}
#: What is found in a step, in words.
_FOUND = {
    "table": "sales of the table",
    "archived": "sales of the archive",
    "outcomes": "reported outcomes",
    "misfits": "archived houses that do not fit, left out",
    "copies": "archived sales that were there already, left out",
    "sales": "sales learnt from",
    "digest": "digest of the sales",
}


def section(card: ModelCard) -> Section:
    """Return what tells how a version was made."""
    kept: Mapping[str, Any] | None = card.training.get("retraining")
    return Section("How it was made", list(_blocks(kept) if kept else _trained(card)))


def _trained(card: ModelCard) -> Iterator[Text | Rows]:
    yield Text(
        f"By a training, of the table of {card.data['title']!r}: it was measured, and "
        "held against no other version."
    )


def _blocks(kept: Mapping[str, Any]) -> Iterator[Text | Rows]:
    before, test = kept["champion_before"], kept["test"]
    yield Text(
        "By a retraining, which fits a model to all sales only if one of the same "
        "recipe, of earlier sales, proves fit to price. The champion before it: "
        f"{before or 'none'}."
    )
    yield Text(
        f"That model learnt from {test['learnt_from']:,} sales and priced "
        f"{test['sales']:,} later ones, {test['from']} to {test['to']}, against "
        f"{_OPPONENTS[test['against']]}. All rules were kept, as told below."
    )
    yield Rows(("priced by", *_FIGURES.values()), list(_priced(kept["figures"])))
    yield Rows(
        ("rule", "found", "bound", "in words"),
        [
            (one["name"], _cell(one["figure"]), one["bound"], one["said"])
            for one in kept["rules"]
        ],
    )
    yield Rows(
        ("step", "what was found"),
        [(one["step"], _found(one)) for one in kept["steps"]],
    )


def _priced(figures: Mapping[str, Any]) -> Iterator[list[str]]:
    for name, found in figures.items():
        if found:
            yield [name, *(_cell(found[key]) for key in _FIGURES)]


def _found(step: Mapping[str, Any]) -> str:
    """Return the findings of a step; those of the test and the rules stand above."""
    told = [
        f"{words}: {_cell(step[key])}" for key, words in _FOUND.items() if key in step
    ]
    return "; ".join(told) or "as told above"


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
