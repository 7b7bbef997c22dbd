"""An admitted request, as the views of predictions see it."""

from dataclasses import dataclass
from typing import Any

from flask import g

from api.auth import Principal
from api.services import Services


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks for what, and what the process has to answer with."""

    #: The request as the server handed it over, PEP 3333.
    environ: dict[str, Any]
    shared: Services
    caller: Principal


def current_call() -> Call:
    """Return the request that Flask handles."""
    call: Call = g.call
    return call
