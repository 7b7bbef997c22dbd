"""How dead letters are told to people."""

from typing import Any


def letter_lines(letter: dict[str, Any]) -> tuple[str, str]:
    """Return what is told of a letter: two lines fit where a table would not."""
    return (
        "{id}  {died_at}  {tenant}".format(**letter),
        "{version}, {crashes} crashes in {attempts} starts: {error}".format(**letter),
    )


def cause_lines(cause: dict[str, Any]) -> tuple[str, str]:
    """Return what is told of the letters of one error."""
    versions = ", ".join(cause["versions"])
    span = "from {first} to {last}".format(**cause)
    return "{count:,}  {error}".format(**cause), f"{versions}, {span}"
