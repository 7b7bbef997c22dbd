"""Modules and functions stay small enough to be read in one sitting."""

import statistics

from tests.structure import source


def test_no_module_is_longer_than_400_lines() -> None:
    """A module that outgrows its page is two modules."""
    sizes = {str(path): source.line_count(path) for path in source.modules()}

    assert {path: lines for path, lines in sizes.items() if lines > 400} == {}


def test_half_of_the_modules_have_at_most_100_lines() -> None:
    """The usual module is short."""
    assert statistics.median(map(source.line_count, source.modules())) <= 100


def test_no_function_is_longer_than_60_lines() -> None:
    """A function that needs scrolling is two functions."""
    sizes = _function_sizes()

    assert {name: lines for name, lines in sizes.items() if lines > 60} == {}


def test_nineteen_functions_of_twenty_have_at_most_35_lines() -> None:
    """The usual function is seen at a glance."""
    sizes = sorted(_function_sizes().values())

    assert statistics.quantiles(sizes, n=20, method="inclusive")[-1] <= 35


def _function_sizes() -> dict[str, int]:
    return {
        name: lines
        for path in source.modules()
        for name, lines in source.function_sizes(path).items()
    }
