"""The examples of docs/howto/docker.md that tests run as they stand there."""

from tests.docs import blocks
from tests.structure.source import ROOT

_PAGE = ROOT / "docs" / "howto" / "docker.md"


def lines(*words: str) -> list[str]:
    """Return the lines of the one example that has a line with each word, in order."""
    examples = (block.text.splitlines() for block in blocks.read(_PAGE))
    (found,) = (
        example
        for example in examples
        if len(example) == len(words)
        and all(word in line for word, line in zip(words, example, strict=True))
    )
    return found
