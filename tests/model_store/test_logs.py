"""Lines are one form, whoever logged what, and JSON is JSON whatever it tells."""

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from model_store import logs

#: Logs in each way that a process may, then ends by an error that nobody caught.
TALKATIVE = """
import logging, threading, warnings
from model_store import logs

logs.set_up("json", "info")
log = logs.logger("ours")
logs.begin(request_id="r-1")
logs.bound(job_id="j-1")
log.info("one_event", count=3, words='two "words"', frames="a line\\nand another")
log.debug("unwanted")
logging.getLogger("theirs").warning("%s\\nand more", "theirs")
try:
    {}["x"]
except KeyError:
    logging.getLogger("theirs").exception("caught")
warnings.warn("take care")
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
logs.begin()
raise LookupError("uncaught")
"""


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    """Return what a process has logged as JSON."""
    ended = subprocess.run(
        [sys.executable, "-c", TALKATIVE], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 1
    return [json.loads(line) for line in ended.stderr.splitlines()]


def test_every_line_is_an_object_with_a_frame(lines: list[dict[str, Any]]) -> None:
    """Tracebacks and warnings of Python's own are no exception."""
    told = [(line["logger"], line["level"], line["event"]) for line in lines]

    assert told[:3] == [
        ("ours", "info", "one_event"),
        ("theirs", "warning", "theirs\nand more"),
        ("theirs", "error", "caught"),
    ]
    assert [event.split(": ")[-1] for _, _, event in told[3:]] == [
        "take care",
        "uncaught",
        "uncaught",
    ]
    assert all(line["time"].endswith("Z") and line["pid"] for line in lines)


def test_a_line_has_its_own_fields_and_what_its_thread_is_about(
    lines: list[dict[str, Any]],
) -> None:
    """Those of libraries too, until the thread begins something else."""
    ours, *_, last = lines
    assert ours["count"] == 3
    assert ours["words"] == 'two "words"'
    assert ours["frames"] == "a line\nand another"
    assert [line.get("request_id") for line in lines] == [*["r-1"] * 4, None, None]
    assert "job_id" not in last


def test_errors_come_with_their_frames(lines: list[dict[str, Any]]) -> None:
    """Caught or not, in the main thread or another."""
    caught, in_a_thread, uncaught = (line for line in lines if "exception" in line)

    assert "KeyError" in caught["exception"]
    assert "ZeroDivisionError" in in_a_thread["exception"]
    assert "LookupError: uncaught" in uncaught["exception"]


def test_text_is_one_line_and_its_frames(caplog: pytest.LogCaptureFixture) -> None:
    """People read the event first, then what is known of it."""
    frames = "File a\nFile b"
    logs.logger("ours").error(
        "an_event", n=1, ok="word", told="two words", frames=frames
    )

    head, *below = caplog.text.splitlines()
    assert head.endswith(': an_event n=1 ok=word told="two words"')
    assert " ERROR    ours[" in head
    assert below == ["File a", "File b"]


def test_no_field_takes_the_place_of_the_frame(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What a line says of itself is so."""
    logs.logger("ours").error("an_event", level="info", logger="theirs", time="never")

    assert " ERROR    ours[" in caplog.text
    assert "never" not in caplog.text


def test_a_level_that_is_off_costs_no_line(caplog: pytest.LogCaptureFixture) -> None:
    """As with any logger of Python's."""
    caplog.set_level(logging.WARNING)
    logs.logger("ours").info("an_event")

    assert caplog.records == []
