"""The file that `kerbside webhooks export` writes: read back whole or not at all."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import click
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from worker.credentials import TENANT
from worker.settings import WorkerSettings
from worker.webhooks import event_types
from worker.webhooks.addresses import RefusedAddress, check_url
from worker.webhooks.signing import is_secret

#: Faults of a file that are told, at most.
_TOLD = 10


def _tenant(text: str) -> str:
    if not re.fullmatch(TENANT, text):
        raise PydanticCustomError("tenant", "expected the name of a tenant")
    return text


def _event(text: str) -> str:
    if text not in event_types.patterns():
        known = ", ".join(event_types.patterns())
        raise PydanticCustomError("event", "expected one of {known}", {"known": known})
    return text


def _secret(text: str) -> str:
    if not is_secret(text):
        raise PydanticCustomError(
            "secret", "expected `whsec_` and standard base64 of 24 to 64 bytes"
        )
    return text


_Tenant = Annotated[str, AfterValidator(_tenant)]
#: The newest first; no more than sign at a time.
_Secrets = Annotated[list[Annotated[str, AfterValidator(_secret)]], Field(max_length=3)]


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, hide_input_in_errors=True
    )


class EndpointCopy(_Strict):
    """An endpoint as it stands in a file."""

    tenant: _Tenant
    url: str
    events: list[Annotated[str, AfterValidator(_event)]] = Field(min_length=1)
    description: str = ""
    enabled: bool = True
    secrets: _Secrets = []

    @property
    def identity(self) -> tuple[str, str, frozenset[str]]:
        """What makes two endpoints the same."""
        return self.tenant, self.url, frozenset(self.events)


class DefaultCopy(_Strict):
    """The secrets of the webhooks that a tenant's requests name."""

    tenant: _Tenant
    secrets: _Secrets


class Copy(_Strict):
    """A whole file."""

    object: Literal["webhooks"] = "webhooks"
    endpoints: list[EndpointCopy]
    default_secrets: list[DefaultCopy] = []


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
