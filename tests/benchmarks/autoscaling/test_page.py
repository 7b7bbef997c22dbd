"""Tables are written into a page between their marks."""

import pytest

from benchmarks.autoscaling import page

TEXT = """Before.

<!-- table: one -->

old

<!-- end of table -->

After.
"""


def test_only_what_is_between_the_marks_changes() -> None:
    """The prose is a person's."""
    assert page.filled(TEXT, {"one": "| new |"}) == TEXT.replace("old", "| new |")


def test_a_table_that_there_is_not_is_told() -> None:
    """A mistyped name does not keep old figures for ever."""
    with pytest.raises(KeyError, match="one"):
        page.filled(TEXT, {"two": ""})


def test_the_tables_of_a_page_are_named_in_order() -> None:
    """So that one that is missing can be told."""
    assert page.named(TEXT) == ["one"]


def test_a_block_without_a_table_yet_swallows_nothing() -> None:
    """A page begins with marks alone."""
    empty = TEXT.replace("old\n\n", "")

    assert page.filled(empty + TEXT, {"one": "old"}) == TEXT + TEXT
