"""The server that runs the API logs as the API does."""

import json
import logging.config
from pathlib import Path

import pytest

from api import server_log


def test_the_servers_own_lines_are_of_the_form_that_is_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of its access log too."""
    monkeypatch.setenv("KERBSIDE_LOG_FORMAT", "json")
    told = json.loads(Path(server_log.configuration()).read_text(encoding="utf-8"))
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False} | told)

    for name in ("_granian", "granian.access"):
        logger = logging.getLogger(name)
        logger.info("from %s", name)
        logger.handlers.clear()

    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["event"] for line in lines] == [
        "from _granian",
        "from granian.access",
    ]
