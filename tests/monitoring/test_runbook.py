"""The laws of the runbook."""

import re

import pytest

from api.cli import main
from docs import commands_page
from docs.openapi import document
from tests.monitoring import files
from tests.structure import source

TEXT = files.RUNBOOK.read_text(encoding="utf-8")
SECTIONS = dict(
    section.split("\n", 1)
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
)


def test_every_alert_has_a_paragraph_and_every_paragraph_an_alert() -> None:
    """In the order of the rules."""
    assert list(SECTIONS) == [rule["alert"] for rule in files.alerts()]


@pytest.mark.parametrize("name", SECTIONS)
def test_a_paragraph_says_what_to_do(name: str) -> None:
    """Some words on what it means, then a list."""
    meaning, _, steps = SECTIONS[name].strip().partition("\n\n")

    assert meaning.endswith(".")
    assert steps.startswith("- ")


def test_every_command_that_is_named_exists() -> None:
    """With the options that are named beside it."""
    known = {
        commands_page.path_of(context): {
            option for one in context.command.params for option in one.opts
        }
        for context in commands_page.commands("kerbside", main)
    }

    for words in re.findall(r"`kerbside ([^`]+)`", TEXT):
        verbs = [word for word in words.split() if re.fullmatch(r"[a-z-]+", word)]
        path = " ".join(["kerbside", *(v for v in verbs if not v.startswith("-"))])
        while path not in known and " " in path:
            path = path.rpartition(" ")[0]
        named = {word for word in words.split() if word.startswith("-")}
        assert path != "kerbside", words
        assert named <= known[path], words


def test_every_request_that_is_named_is_answered() -> None:
    """By its method and path."""
    paths = document()["paths"]

    for method, path in re.findall(r"`(GET|POST) (/\S+)`", TEXT):
        made = path.replace("VERSION", "{version}")
        made = re.sub(r"queues/\w+:", "queues/{lane}:", made)
        assert method.lower() in paths[made], path


def test_every_word_of_a_log_or_a_flag_that_is_named_is_in_the_code() -> None:
    """Whoever looks for it finds it."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in source.modules())
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", TEXT))

    assert named
    assert [word for word in named - files.series() if word not in code] == []
