"""The file that `kerbside webhooks export` writes: read back whole or not at all."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import click
from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from api.webhook_fields import EndpointFields, Secret, Strict
from worker.credentials import TENANT
from worker.settings import WorkerSettings
from worker.webhooks.addresses import RefusedAddress, check_url
from worker.webhooks.keyring import MOST_SECRETS

#: Faults of a file that are told, at most.
_TOLD = 10


def _tenant(text: str) -> str:
    if not re.fullmatch(TENANT, text):
        raise PydanticCustomError("tenant", "expected the name of a tenant")
    return text


_Tenant = Annotated[str, AfterValidator(_tenant)]
#: The newest first; no more than sign at a time.
_Secrets = Annotated[list[Secret], Field(max_length=MOST_SECRETS)]


class EndpointCopy(EndpointFields):
    """An endpoint as it stands in a file."""

    tenant: _Tenant
    secrets: _Secrets = Field(default=[])

    @property
    def identity(self) -> tuple[str, str, frozenset[str]]:
        """What makes two endpoints the same."""
        return self.tenant, self.url, frozenset(self.events)


class DefaultCopy(Strict):
    """The secrets of the webhooks that a tenant's requests name."""

    tenant: _Tenant
    secrets: _Secrets


class Copy(Strict):
    """A whole file."""

    object: Literal["webhooks"] = "webhooks"
    endpoints: list[EndpointCopy]
    default_secrets: list[DefaultCopy] = Field(default=[])


def read(path: Path, settings: WorkerSettings) -> Copy:
    """Return what is in a file once all of it has been found good.

    Raises:
        click.UsageError: Something is not; the message names each place.
        OSError: It cannot be read.
    """
    try:
        # Of JSON, strictness asks nothing that JSON cannot say.
        copy = Copy.model_validate(json.loads(path.read_bytes()))
    except ValidationError as error:
        places = [(_place(one["loc"]), one["msg"]) for one in error.errors()]
        raise _refusal(path, places) from None
    except ValueError as error:
        raise click.UsageError(f"{path}: expected JSON: {error}.") from None
    if faults := [*_refused_urls(copy, settings), *_repeated(copy)]:
        raise _refusal(path, faults)
    return copy


def _refused_urls(copy: Copy, settings: WorkerSettings) -> Iterator[tuple[str, str]]:
    for index, endpoint in enumerate(copy.endpoints):
        try:
            check_url(endpoint.url, settings)
        except RefusedAddress as error:
            yield f"endpoints[{index}].url", str(error)


def _repeated(copy: Copy) -> Iterator[tuple[str, str]]:
    counts = Counter(one.identity for one in copy.endpoints)
    for index, endpoint in enumerate(copy.endpoints):
        if counts[endpoint.identity] > 1:
            times = counts[endpoint.identity]
            told = f"expected each tenant, url and events once, got them {times} times"
            yield f"endpoints[{index}]", told


def _place(location: Sequence[Any]) -> str:
    steps = (f"[{one}]" if isinstance(one, int) else f".{one}" for one in location)
    return "".join(steps).removeprefix(".")


def _refusal(path: Path, faults: Sequence[tuple[str, str]]) -> click.UsageError:
    lines = [
        f"  {place or 'the file'}: {message.rstrip('.')}."
        for place, message in faults[:_TOLD]
    ]
    if len(faults) > _TOLD:
        lines.append(f"  and {len(faults) - _TOLD} more.")
    return click.UsageError(
        "\n".join([f"{path} cannot be imported, nothing was written:", *lines])
    )
