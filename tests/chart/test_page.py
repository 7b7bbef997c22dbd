"""The laws of what docs/howto/kubernetes.md tells to type."""

import itertools
import re
import shlex

import pytest

from tests.chart import chart
from tests.chart.chart import HELMS, ROOT, Render

PAGE = ROOT / "docs" / "howto" / "kubernetes.md"
_TEXT = PAGE.read_text(encoding="utf-8").replace("\\\n", " ")
COMMANDS = [
    shlex.split(line) for line in re.findall(r"^helm .*$", _TEXT, flags=re.MULTILINE)
]

each_command = pytest.mark.parametrize("words", COMMANDS, ids=" ".join)


@each_command
@pytest.mark.parametrize("helm", HELMS)
def test_helm_knows_the_flags_that_are_told(helm: str, words: list[str]) -> None:
    """Both of them."""
    known = chart.run(helm, words[1], "--help")

    for flag in (word for word in words if word.startswith("--")):
        assert re.search(rf"{flag}\b", known), flag


@each_command
def test_an_upgrade_brings_the_defaults_of_its_chart(words: list[str]) -> None:
    """With --reuse-values it would keep those of the old one, new ones missing."""
    is_upgrade = words[1] == "upgrade"

    assert ("--reset-then-reuse-values" in words) is is_upgrade
    assert "--reuse-values" not in words


@each_command
def test_the_values_that_are_told_are_taken(render: Render, words: list[str]) -> None:
    """The chart renders with them; what is misspelt it would refuse."""
    values = [word for flag, word in itertools.pairwise(words) if flag == "--set"]

    assert render(words=tuple(f"--set={one}" for one in values)).manifests
