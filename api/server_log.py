"""How the server that runs the API logs: `granian --log-config=api/server_log.json`."""

import logging
from importlib import resources

from model_store import logs
from model_store.settings import ModelSettings


def handler() -> logging.Handler:
    """Return what writes the server's own lines, and those of its access log."""
    return logs.handler(ModelSettings.from_env().log_format)


def configuration() -> str:
    """Return the file that tells Granian of `handler`."""
    return str(resources.files("api") / "server_log.json")
