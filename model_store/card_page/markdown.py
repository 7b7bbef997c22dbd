"""A model card as a Markdown page."""

import base64
from collections.abc import Sequence

from model_store.card import ModelCard
from model_store.card_page import content
from model_store.card_page.blocks import Plot, Rows, Section, Text


def page(card: ModelCard, signer: str) -> str:
    """Return the page; its picture is in it."""
    parts = [f"# {content.title(card)}"]
    parts += [_section(one) for one in content.sections(card, signer)]
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> str:
    return "\n\n".join([f"## {section.title}", *map(_block, section.blocks)])


def _block(block: Text | Rows | Plot) -> str:
    if isinstance(block, Text):
        return block.text
    if isinstance(block, Plot):
        packed = base64.b64encode(block.svg.encode()).decode()
        return f"![{block.alt}](data:image/svg+xml;base64,{packed})"
    lines = [block.head, ["---"] * len(block.head), *block.rows]
    return "\n".join(map(_line, lines))


def _line(cells: Sequence[str]) -> str:
    told = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(told)} |"
