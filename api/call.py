"""An admitted request, as the views of predictions see it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import g

from api.archive_problems import NoArchive
from api.auth import Principal
from api.services import Services

if TYPE_CHECKING:
    from model_store.archive.archive import Archive


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks for what, and what the process has to answer with."""

    #: The request as the server handed it over, PEP 3333.
    environ: dict[str, Any]
    shared: Services
    caller: Principal

    def archive(self) -> "Archive":
        """Return the archive.

        Raises:
            NoArchive: This installation keeps none.
        """
        if self.shared.archive is None:
            raise NoArchive
        return self.shared.archive


def current_call() -> Call:
    """Return the request that Flask handles."""
    call: Call = g.call
    return call
