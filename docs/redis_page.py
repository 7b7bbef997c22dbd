"""The page of Redis keys: the table in the docstring of `worker/keys.py`."""

import inspect

from worker import keys

_OPENING = """\
# Redis keys

What lies in the Redis of an installation, and what goes over its channels.
This page is made from the code: `make docs` writes it.

The names are no interface: read a job by the HTTP API, and the length of a queue by `GET /v1/ops/scaler`, `LLEN <lane>` or `ZCARD kerbside:running:<lane>`.
The lanes are {lanes}.

"""


def render() -> str:
    """Return the page in Markdown."""
    lanes = ", ".join(f"`{lane}`" for lane in keys.LANES)
    told = inspect.getdoc(keys) or ""
    return _OPENING.format(lanes=lanes) + told[told.index("| key |") :] + "\n"
