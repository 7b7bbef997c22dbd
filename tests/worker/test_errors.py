"""What a log may hold of an exception."""

from collections.abc import Callable

import pytest

from worker.errors import QueueFull, frames_of

HOUSE = "7 Elm Street"


def quote() -> None:
    """Raise an exception whose words are a house."""
    raise KeyError(HOUSE)


def refuse() -> None:
    """Raise from what was raised first."""
    try:
        quote()
    except KeyError as first:
        raise QueueFull(1) from first


def stumble() -> None:
    """Raise while another exception is dealt with."""
    try:
        refuse()
    except QueueFull:
        raise ValueError(HOUSE)  # noqa: B904 - the implicit chain


def hide() -> None:
    """Raise and hide what came first."""
    try:
        quote()
    except KeyError:
        raise ValueError(HOUSE) from None


def caught(call: Callable[[], None]) -> BaseException:
    """Return what a call raises."""
    with pytest.raises(ValueError) as info:  # noqa: PT011 - its words are not for us
        call()
    return info.value


def test_a_traceback_tells_places_and_kinds_and_no_words() -> None:
    """The whole chain is there, the first failure first, without what it quoted."""
    text = frames_of(caught(stumble))
    assert HOUSE not in text
    kinds = ("KeyError", "worker.errors.QueueFull", "ValueError")
    places = [text.index(f"\n{kind}\n") for kind in kinds[:2]]
    assert places == sorted(places)
    assert text.endswith("\nValueError")
    assert text.count("in quote") == 1


def test_a_hidden_context_stays_hidden() -> None:
    """`from None` means that the first failure tells nothing."""
    assert "KeyError" not in frames_of(caught(hide))


def test_a_chain_that_bites_its_tail_ends() -> None:
    """Each exception is told once."""
    first, second = ValueError(HOUSE), KeyError(HOUSE)
    first.__cause__, second.__cause__ = second, first
    assert frames_of(first) == "KeyError\nValueError"


@pytest.mark.parametrize("error", [ValueError(HOUSE), KeyboardInterrupt(HOUSE)])
def test_an_exception_that_was_never_raised_is_its_kind(error: BaseException) -> None:
    """There are no frames to tell."""
    assert frames_of(error) == type(error).__name__
