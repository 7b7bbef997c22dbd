"""A card keeps everything through JSON, and nothing that it does not know."""

import json

import pytest

from model_store.artifact import Loaded
from model_store.card import ModelCard
from model_store.errors import ArtifactError


def test_a_card_survives_json(loaded: Loaded) -> None:
    """What is published reads back as the same card."""
    text = json.dumps(loaded.card.to_dict()).encode()

    assert ModelCard.from_json(text) == loaded.card


def test_a_card_has_an_exact_digest_and_times_in_utc(loaded: Loaded) -> None:
    """The forms that clients meet are fixed."""
    card = loaded.card.to_dict()

    assert card["version"] == (
        card["as_of"].replace("-", "")
        + "-"
        + card["digest"].removeprefix("sha256:")[:8]
    )
    assert card["trained_at"] == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"colour": "red"}, "colour"),
        ({"interval": None}, "interval"),
        ({"name": 1}, "name"),
    ],
)
def test_what_is_no_card_is_refused(
    loaded: Loaded, change: dict[str, object], named: str
) -> None:
    """The message names the part that is wrong."""
    text = json.dumps(loaded.card.to_dict() | change).encode()

    with pytest.raises(ArtifactError, match=named):
        ModelCard.from_json(text)
