"""The laws of the reader who does what a page says."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docs import blocks
from tests.docs.reader import Reader
from tests.structure import source

Follow = Callable[[str], list[str]]


@pytest.fixture
def follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Follow]:
    """Return a function that does what a page says and returns what is wrong."""
    monkeypatch.setattr(source, "ROOT", tmp_path)
    environment = {"PATH": os.defpath}
    with contextlib.closing(Reader(tmp_path, environment, {"there": "here"})) as reader:

        def follow(text: str) -> list[str]:
            page = tmp_path / "page.md"
            page.write_text(text.replace("'''", "```"), encoding="utf-8")
            return reader.read(blocks.read(page))

        yield follow


def test_examples_share_what_they_define(follow: Follow) -> None:
    """Variables of a shell, names of a Python, and what the shell exports to it."""
    page = """
'''sh
export WHO=there
'''
'''python
import os
who = os.environ["WHO"]
'''
'''console
$ test "$WHO" = here
any output
'''
'''python
assert who == "here"
'''
"""

    assert follow(page) == []


def test_an_example_in_another_language_says_why_it_is_not_run(follow: Follow) -> None:
    """Else it would be one that nobody has tried."""
    block = "'''fish\ntrue\n'''\n"

    (fault,) = follow(block)

    assert fault.startswith("page.md:1: nobody can run fish")
    assert follow(f"<!-- not run: a reason -->\n\n{block}") == []


@pytest.mark.parametrize("example", ["sh\nfalse\ntrue", "python\nassert 1 == 2"])
def test_an_example_that_fails_is_told_with_its_place(
    follow: Follow, example: str
) -> None:
    """Not only its last command may fail it, and nothing is run after it."""
    (fault,) = follow(f"Text.\n\n'''{example}\n'''\n\n'''sh\nexit 9\n'''\n")

    assert fault.startswith("page.md:3: exit code 1")


def test_an_example_may_fail_only_where_the_page_shows_an_error(
    follow: Follow,
) -> None:
    """A problem document after it says so; then it must fail."""
    shown = "'''json\n{\"type\": \"urn:kerbside:problem:gone\"}\n'''\n"
    said = 'echo \'{"type": "urn:kerbside:problem:gone"}\''

    assert follow(f"'''sh\n{said}; (exit 22)\n'''\n{shown}") == []
    assert follow(f"'''sh\n{said}\n'''\n{shown}")


def test_the_head_of_an_answer_is_compared(follow: Follow) -> None:
    """Its status, and the names of the headers shown."""
    said = "'''sh\nprintf 'HTTP/1.1 202 Accepted\\netag: 1\\n\\n'\n'''\n"

    assert follow(f"{said}'''http\nHTTP/1.1 202 Accepted\nETag: 2\n'''\n") == []
    assert follow(f"{said}'''http\nHTTP/1.1 201 Created\n'''\n")
    assert follow(f"{said}'''http\nHTTP/1.1 202 Accepted\nLocation: x\n'''\n")


def test_a_reader_fills_in_what_an_answer_said(follow: Follow) -> None:
    """Where the page leaves three dots and says what belongs there."""
    page = """
'''sh
echo '{"id": "7"}'
'''
'''sh
ID=...  # "id" of the answer
test "$ID" = 7
'''
"""

    assert follow(page) == []


def test_an_excused_example_is_not_run(follow: Follow) -> None:
    """The comment right before it says why."""
    excuse, example = "<!-- not run: far away -->\n", "'''sh\nexit 9\n'''\n"

    assert follow(f"{excuse}\n{example}") == []
    assert follow(f"{excuse}\nText.\n\n{example}")


def test_what_is_to_go_on_beside_the_page_goes_on(follow: Follow) -> None:
    """Until its end, in a terminal of its own; what has ended before is told."""
    beside = "<!-- run in a terminal of its own -->\n'''sh\n{}\n'''\n"
    waiting = "'''sh\nuntil test -e begun; do sleep 0.01; done\n'''\n"

    assert follow(beside.format("touch begun; sleep 60") + waiting) == []
    ended = "until grep -qs 'State:.Z' /proc/$(cat pid)/status; do sleep 0.01; done"
    assert follow(beside.format("echo $$ > pid; exit 3") + f"'''sh\n{ended}\n'''\n")
