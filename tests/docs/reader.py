"""A reader who does what a page says, example by example."""

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.docs import shape
from tests.docs.blocks import Block
from tests.docs.sessions import Outcome, Python, Shell, Terminal
from tests.patience import wait_until

#: What the reader of a page fills in: `ID=...  # "id" of the answer`.
_FILLED_IN = re.compile(r'^(\w+)=\.\.\. +# "(\w+)" of the answer$', re.MULTILINE)
_LANGUAGES = {"console", "http", "json", "python", "sh"}
_ENDS = {"succeeded", "failed", "canceled"}
_PROMPT = "$ "
_STATUS = re.compile(r"^HTTP/\S+ (\d{3})", re.MULTILINE)
_HEADER = re.compile(r"^([A-Za-z-]+): ", re.MULTILINE)


class Reader:
    """Runs examples in a shell and a Python of the page's own.

    Args:
        folder: Where they run.
        environment: All variables of the shell.
        places: What a page names -> what stands for it here.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], places: Mapping[str, str]
    ) -> None:
        self._folder = folder
        self._places = places
        self._shell = Shell(folder, environment)
        self._python: Python | None = None
        self._beside: list[Terminal] = []
        self._output = ""
        self._done: Block | None = None

    def close(self) -> None:
        """End everything that was started."""
        for terminal in reversed(self._beside):
            terminal.end()
        self._shell.end()
        if self._python:
            self._python.end()

    def read(self, blocks: Sequence[Block]) -> list[str]:
        """Do what the examples say and return what is not as the page says."""
        for block, then in itertools.pairwise([*blocks, None]):
            if block is None or block.excuse is not None:
                continue
            faults = self._faults(block, fails=then is not None and _is_error(then))
            if faults:
                # What follows rests on it.
                return [f"{block.place}: {fault}" for fault in faults]
        return [one.told for one in self._beside if one.has_ended]

    def _faults(self, block: Block, *, fails: bool) -> list[str]:
        if block.language not in _LANGUAGES:
            return [f"nobody can run {block.language}, and nothing says why"]
        if block.language == "json":
            return self._answer_faults(json.loads(block.text))
        if block.language == "http":
            return _head_faults(block.text, self._output)
        if block.beside:
            terminal = Terminal(
                self._here(block.text), self._folder, self._shell.exported()
            )
            self._beside.append(terminal)
            return []
        outcome = self._run(block, fails=fails)
        self._output, self._done = outcome.output, block
        if (outcome.code != 0) != fails:
            return [f"exit code {outcome.code}\n{block.text}\n{outcome.output}"]
        return []

    def _answer_faults(self, shown: Any) -> list[str]:
        wait_until(lambda: self._has_ended(shown), "the end of the prediction shown")
        return list(shape.differences(shown, shape.last_json(self._output)))

    def _has_ended(self, shown: Any) -> bool:
        """Tell whether a job has ended that the page shows at its end; else poll."""
        real = shape.last_json(self._output)
        if _ended(real) or not _ended(shown) or self._done is None:
            return True
        self._output = self._run(self._done, fails=False).output
        return False

    def _run(self, block: Block, *, fails: bool) -> Outcome:
        text = self._here(block.text)
        if block.language == "python":
            if self._python is None:
                self._python = Python(self._folder, self._shell.exported())
            return self._python.run(text)
        if block.language == "console":
            lines = text.splitlines()
            typed = (line for line in lines if line.startswith(_PROMPT))
            text = "\n".join(line.removeprefix(_PROMPT) for line in typed)
        return self._shell.run(text, fails=fails)

    def _here(self, text: str) -> str:
        """Return an example with the places of this machine in it."""
        for place, stand_in in self._places.items():
            text = text.replace(place, stand_in)
        return _FILLED_IN.sub(self._filled_in, text)

    def _filled_in(self, found: re.Match[str]) -> str:
        return f"{found[1]}={shape.last_json(self._output)[found[2]]}"


def _ended(answer: Any) -> bool:
    return isinstance(answer, dict) and answer.get("status") in _ENDS


def _is_error(block: Block) -> bool:
    """Tell whether a block shows that the one before it is refused."""
    if block.language == "http":
        return any(int(status) >= 400 for status in _STATUS.findall(block.text))
    return block.language == "json" and "urn:kerbside:problem:" in block.text


def _head_faults(shown: str, output: str) -> list[str]:
    """Compare the head of an answer: its status, and the names of headers."""
    there = {name.lower() for name in _HEADER.findall(output)}
    faults = [
        f"no header {name} in:\n{output}"
        for name in _HEADER.findall(shown)
        if name.lower() not in there
    ]
    said, was = _STATUS.findall(shown), _STATUS.findall(output)[-1:]
    return faults if said == was else [f"status {said}, it is {was}", *faults]
