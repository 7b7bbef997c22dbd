"""A few real sales, priced through the HTTP API as any client would."""

import http.client
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from worker.supervision import ports

#: One request waits this long at most, so that Ctrl-C is never far.
REQUEST_TIMEOUT_S = 3.0
LONG_POLL_S = 1

#: Status codes that ask to come again later.
_LATER = frozenset({429, 503})
_FINISHED = frozenset({"succeeded", "failed", "canceled"})


class Unpriced(Exception):
    """The API refused a house or could not price it."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A house with what it sold for and what the service says."""

    house: Mapping[str, Any]
    sold_for: int
    sold_on: str
    #: The prediction's output: price, currency, interval and more.
    output: Mapping[str, Any]

    @property
    def is_within(self) -> bool:
        """Tell whether the range holds what was paid."""
        interval = self.output["interval"]
        return bool(interval["low"] <= self.sold_for <= interval["high"])


class LocalClient:
    """Talks to the API of this machine."""

    def __init__(self, port: int, token: str = "") -> None:
        self._port = port
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def is_ready(self) -> bool:
        """Tell whether the API can take and finish jobs."""
        return self.call("GET", "/readyz")[0] == http.HTTPStatus.OK

    def is_closed(self) -> bool:
        """Tell whether Flower answers, and that it shows nothing without a login."""
        return self.call("GET", "/healthcheck")[0] == http.HTTPStatus.UNAUTHORIZED

    def call(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        """Return status code and JSON answer; 0 and None when nothing answers."""
        connection = http.client.HTTPConnection(
            ports.LOOPBACK, self._port, timeout=REQUEST_TIMEOUT_S
        )
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {**self._headers, **headers})
            response = connection.getresponse()
            return response.status, _parsed(response.read())
        except (OSError, http.client.HTTPException):
            return 0, None
        finally:
            connection.close()


def price(
    examples: Sequence[Mapping[str, Any]],
    client: LocalClient,
    *,
    repeat: Callable[[Callable[[], bool]], None],
) -> list[Sale]:
    """Submit all examples, then wait for each.

    Args:
        examples: Real sales from a model card.
        client: Carries a key that submits and reads.
        repeat: Calls what it gets until that is true, and gives up by an exception.

    Raises:
        Unpriced: The API says no.
    """
    urls: list[str] = []
    for example in examples:
        # A try whose answer was lost may have been taken: the next one is the same.
        key = str(uuid.uuid4())
        repeat(partial(_submitted, client, example["house"], key, urls))
    outputs: list[Mapping[str, Any]] = []
    for url in urls:
        repeat(partial(_finished, client, url, outputs))
    return [
        Sale(example["house"], example["sold_for"], example["sold_on"], output)
        for example, output in zip(examples, outputs, strict=True)
    ]


def curl(url: str, token: str, house: Mapping[str, Any], **more: Any) -> str:
    """Return a command line that prices a house when it is pasted.

    Args:
        url: Where the API is.
        token: The key, or a variable of the shell that holds it.
        house: The house.
        more: What the submit says besides.
    """
    body = json.dumps({"input": house, **more}).replace("'", r"'\''")
    return (
        f'curl -s {url}/v1/predictions -H "Authorization: Bearer {token}"'
        f" -H 'Content-Type: application/json' -H 'Prefer: wait=10' -d '{body}'"
    )


def _submitted(
    client: LocalClient, house: Mapping[str, Any], key: str, paths: list[str]
) -> bool:
    headers = {"Idempotency-Key": key}
    status, answer = client.call("POST", "/v1/predictions", {"input": house}, **headers)
    if status in {201, 202}:
        paths.append(f"/v1/predictions/{answer['id']}")
        return True
    return _come_again(status, answer)


def _finished(client: LocalClient, path: str, outputs: list[Mapping[str, Any]]) -> bool:
    status, answer = client.call("GET", path, Prefer=f"wait={LONG_POLL_S}")
    if status != http.HTTPStatus.OK:
        return _come_again(status, answer)
    if answer["status"] not in _FINISHED:
        return False
    if answer["status"] != "succeeded":
        raise Unpriced(f"A house {answer['status']}: {answer['error']}")
    outputs.append(answer["output"])
    return True


def _come_again(status: int, answer: Any) -> bool:
    """Return False for a fault that passes.

    Raises:
        Unpriced: It does not pass.
    """
    if status == 0 or status in _LATER:
        return False
    raise Unpriced(f"The API answered {status}: {json.dumps(answer)}")


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
