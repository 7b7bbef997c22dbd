"""Two cards side by side."""

from dataclasses import replace

import pytest

from model_store.card import ModelCard
from model_store.card_diff import compare
from model_store.schema import Schema
from model_store.store import ModelStore


@pytest.fixture
def card(store: ModelStore) -> ModelCard:
    """Return the small champion's card."""
    return store.card(store.resolve("champion"))


def test_every_figure_is_compared_and_of_the_rest_what_differs(card: ModelCard) -> None:
    """Equal cards show their figures, and nothing else."""
    lines = compare(card, card)

    assert {line.field.partition(".")[0] for line in lines} == {"metrics"}
    assert all(line.one == line.other for line in lines)
    assert {line.change for line in lines} <= {0, None}


def test_figures_window_schema_and_recipe_are_named_by_their_path(
    card: ModelCard,
) -> None:
    """A feature by its name, wherever it stands in the list."""
    first, *others = card.schema.features
    other = replace(
        card,
        metrics=card.metrics | {"figure": 3.5},
        data=card.data | {"last_sale": "2016-01-01"},
        schema=Schema((*others, replace(first, maximum=7))),
        training=card.training | {"seed": 9},
    )

    usual = replace(card, metrics=card.metrics | {"figure": 3})

    lines = {line.field: line for line in compare(other, usual)}

    assert lines["metrics.figure"].change == pytest.approx(0.5)
    assert lines["data.last_sale"].one == "2016-01-01"
    assert lines["training.seed"].one == 9
    assert [name for name in lines if name.startswith("schema")] == [
        f"schema.features.{first.name}.maximum"
    ]


def test_what_only_one_card_has_is_shown_beside_nothing(card: ModelCard) -> None:
    """A feature or figure that came or went."""
    fewer = replace(card, schema=Schema(card.schema.features[1:]), metrics={"new": 1.5})
    gone = card.schema.features[0].name

    lines = {line.field: line for line in compare(fewer, card)}

    assert (lines["metrics.new"].one, lines["metrics.new"].other) == (1.5, None)
    assert lines[f"schema.features.{gone}.kind"].one is None
    assert lines[f"schema.features.{gone}.kind"].other == card.schema.features[0].kind
