"""One thing that cannot be written holds up no other."""

from collections.abc import Sequence

import pytest

from worker import apart


class _Store:
    """Takes numbers, but for 13; it is away while it is asked for 0."""

    def __init__(self) -> None:
        self.has: list[int] = []

    def add(self, some: Sequence[int]) -> None:
        """Take all of them, or none."""
        if 0 in some:
            raise ConnectionError("away")
        if 13 in some:
            raise ValueError("no")
        self.has += some


def test_what_cannot_be_written_is_told_and_all_else_is_written() -> None:
    """Each by itself, once together they failed."""
    store = _Store()

    refused = apart.write([1, 13, 2], store.add, down=(ConnectionError,))

    assert [(thing, str(error)) for thing, error in refused] == [(13, "no")]
    assert store.has == [1, 2]


def test_an_outage_is_nobodys_fault() -> None:
    """It is passed through, and all is to be tried again."""
    store = _Store()

    with pytest.raises(ConnectionError):
        apart.write([1, 0], store.add, down=(ConnectionError,))

    assert store.has == []


def test_nothing_is_not_written() -> None:
    """No store is asked for it."""
    assert apart.write([], lambda _: pytest.fail("asked"), down=()) == []
