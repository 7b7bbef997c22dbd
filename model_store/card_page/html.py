"""A model card as an HTML page that needs no other file and runs nothing."""

from collections.abc import Iterator
from html import escape

from model_store.card import ModelCard
from model_store.card_page import content
from model_store.card_page.blocks import Plot, Rows, Section, Text

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem;
  padding: 0 1rem; }
h1 { font-size: 1.6rem; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; }
div { overflow-x: auto; } table { border-collapse: collapse; }
th, td { border-bottom: 1px solid #8886; padding: .3rem .8rem .3rem 0; text-align: left;
  vertical-align: top; min-width: 5rem; overflow-wrap: break-word; }
svg { max-width: 100%; height: auto; }
"""


def page(card: ModelCard, signer: str) -> str:
    """Return the page."""
    heading = escape(content.title(card))
    body = "\n".join(_section(one) for one in content.sections(card, signer))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{heading}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<h1>{heading}</h1>\n{body}\n</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    blocks = "\n".join(_block(one) for one in section.blocks)
    return f"<h2>{escape(section.title)}</h2>\n{blocks}"


def _block(block: Text | Rows | Plot) -> str:
    if isinstance(block, Text):
        return f"<p>{escape(block.text)}</p>"
    if isinstance(block, Plot):
        return block.svg
    return f'<div tabindex="0"><table>{"".join(_lines(block))}</table></div>'


def _lines(table: Rows) -> Iterator[str]:
    if any(table.head):
        cells = "".join(f'<th scope="col">{escape(one)}</th>' for one in table.head)
        yield f"<tr>{cells}</tr>"
    for first, *others in table.rows:
        cells = "".join(f"<td>{escape(one)}</td>" for one in others)
        yield f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
