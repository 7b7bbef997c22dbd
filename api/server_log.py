"""How the server that runs the API logs: `granian --log-config=api/server_log.json`."""

import logging
from importlib import resources

from pydantic import ValidationError

from model_store import logs
from model_store.settings import ModelSettings


def handler() -> logging.Handler:
    """Return what writes the server's own lines, and those of its access log."""
    try:
        settings = ModelSettings.from_env()
    except ValidationError:
        # What is wrong with them is told by `api.wsgi`.
        settings = ModelSettings()
    return logs.handler(settings.log_format)


def configuration() -> str:
    """Return the file that tells Granian of `handler`."""
    return str(resources.files("api") / "server_log.json")
