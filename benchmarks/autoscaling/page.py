"""Tables in a page that a person wrote: each between marks that name it."""

import re
from collections.abc import Mapping

#: Nothing of another block is between the marks of one.
_BLOCK = re.compile(
    r"(<!-- table: (?P<name>[a-z-]+) -->\n)((?!<!-- ).)*(<!-- end of table -->)",
    re.DOTALL,
)


def filled(page: str, tables: Mapping[str, str]) -> str:
    """Return the page with every table as it is now.

    Raises:
        KeyError: The page names a table that there is not.
    """

    def written(block: re.Match[str]) -> str:
        return f"{block[1]}\n{tables[block['name']]}\n\n{block[4]}"

    return _BLOCK.sub(written, page)


def named(page: str) -> list[str]:
    """Return which tables a page shows."""
    return [block["name"] for block in _BLOCK.finditer(page)]
