"""Log lines: an event's name and what is known of it, for people or for machines.

A module logs by `logger`, `_log.warning("jobs_given_back", count=3)`; what concerns one
request, job or delivery is bound with `bound`, and stands in every line of its thread.
A program says once, by `set_up`, how lines are written: those of libraries too.
"""

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from types import TracebackType
from typing import Any, Literal

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars
from structlog.processors import JSONRenderer, format_exc_info
from structlog.stdlib import BoundLogger, ProcessorFormatter, filter_by_level
from structlog.typing import EventDict, Processor

Form = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]

#: Fields of several lines, which stand below a line of text.
_BELOW = ("frames", "exception", "stack_info")

#: Adds to what the further lines of this thread are about.
bound = bind_contextvars


def logger(name: str) -> BoundLogger:
    """Return what a module logs by; `name` is the module's own."""
    made: BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[
            filter_by_level,
            merge_contextvars,
            ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=BoundLogger,
        cache_logger_on_first_use=True,
    )
    return made


def begin(**about: object) -> None:
    """Say anew what the further lines of this thread are about."""
    clear_contextvars()
    bind_contextvars(**about)


def set_up(form: Form, level: int | str, *, file: str | None = None) -> None:
    """Let this process write its log in one form, from a level on, to stderr or a file.

    With `json` each line is one object: what Python would print about an error that
    nobody caught, or as a warning, is a line like any other.
    """
    root = logging.getLogger()
    root.handlers[:] = [handler(form, file)]
    root.setLevel(level.upper() if isinstance(level, str) else level)
    logging.captureWarnings(capture=True)
    if form == "json":
        sys.excepthook = _uncaught
        threading.excepthook = _uncaught_in_a_thread


def handler(form: Form, file: str | None = None) -> logging.Handler:
    """Return what writes lines in one form to stderr, or appends them to a file."""
    made = logging.StreamHandler() if file is None else WatchedFileHandler(file)
    made.setFormatter(formatter(form))
    return made


def formatter(form: Form) -> logging.Formatter:
    """Return what makes a line of a record, whoever logged it."""
    render: Processor = JSONRenderer(default=str) if form == "json" else _text
    return ProcessorFormatter(
        foreign_pre_chain=[merge_contextvars],
        processors=[format_exc_info, _framed, render],
    )


def _framed(_: Any, __: str, line: EventDict) -> EventDict:
    """Put in front what every line says."""
    record: logging.LogRecord = line.pop("_record")
    del line["_from_structlog"]
    frame = {
        "time": _rfc3339(record.created),
        "level": record.levelname.lower(),
        "logger": record.name,
        "pid": record.process,
        "event": line.pop("event").strip(),
    }
    return frame | {name: line[name] for name in line if name not in frame}


def _text(_: Any, __: str, line: EventDict) -> str:
    below = [str(line.pop(name)) for name in _BELOW if name in line]
    time, level, logger, pid, event, *fields = line.items()
    start = f"{time[1]} {level[1].upper():<8} {logger[1]}[{pid[1]}]: {event[1]}"
    told = [f"{name}={_word(value)}" for name, value in fields]
    return "\n".join([" ".join([start, *told]), *below])


def _word(value: object) -> str:
    """Return a value as one word, in quotes where it is several."""
    if not isinstance(value, str):
        return json.dumps(value, default=str)
    is_word = value.isprintable() and value and not set(value) & set(' "=')
    return value if is_word else json.dumps(value)


def _rfc3339(seconds: float) -> str:
    instant = datetime.fromtimestamp(seconds, UTC)
    return instant.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _uncaught(
    kind: type[BaseException], error: BaseException, frames: TracebackType | None
) -> None:
    logging.getLogger(__name__).critical("uncaught", exc_info=(kind, error, frames))


def _uncaught_in_a_thread(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None and told.exc_type is not SystemExit:
        _uncaught(told.exc_type, told.exc_value, told.exc_traceback)
