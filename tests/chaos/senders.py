"""Ways to submit a house: straight to the queue, or through the HTTP API."""

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
import redis

from tests.chaos.houses import ALIAS
from tests.chaos.site import Site
from worker.credentials import ApiKeys
from worker.errors import QueueRefusal
from worker.jobs import Submission
from worker.queue import Queue

#: Seconds after which a request without an answer is given up.
_HTTP_TIMEOUT_S = 10.0
_DONE = (200, 201, 202)


class Unanswered(Exception):
    """Nobody knows whether the job was taken: it has to be submitted again."""


@dataclass(frozen=True, slots=True)
class Order:
    """A submit that may be repeated until it is acknowledged."""

    #: Idempotency key; a UUID.
    key: str
    tenant: str
    version: str
    input: bytes
    #: Seconds after which the price is of no use.
    deadline_s: float | None = None

    @property
    def deadline_ms(self) -> int | None:
        """The deadline as the queue wants it."""
        return None if self.deadline_s is None else round(self.deadline_s * 1000)


class Sender(Protocol):
    """Submits orders, and cancels what came of them."""

    def send(self, order: Order) -> str:
        """Submit once; return the id of the job that was acknowledged.

        Raises:
            Unanswered: It may or may not have been taken.
        """

    def cancel(self, tenant: str, job_id: str) -> str:
        """Cancel a job; return its public status after that.

        Raises:
            Unanswered: It may or may not have been canceled.
        """


class Direct:
    """Submits as the API does, without HTTP.

    Args:
        desk: Where to.
        webhook: Returns where the events of the next order go.
    """

    def __init__(
        self, desk: Queue, webhook: Callable[[], str | None] = lambda: None
    ) -> None:
        self._desk = desk
        self._webhook = webhook

    def send(self, order: Order) -> str:
        """Submit once."""
        submission = Submission(
            id=order.key,
            tenant=order.tenant,
            model="chaos",
            version=order.version,
            alias=ALIAS,
            input=order.input,
            fingerprint=order.key,
            idempotency_key=order.key,
            deadline_ms=order.deadline_ms,
            webhook=self._webhook(),
        )
        try:
            return self._desk.submit(submission).job.id
        except (redis.RedisError, QueueRefusal) as error:
            raise Unanswered from error

    def cancel(self, tenant: str, job_id: str) -> str:
        """Cancel a job."""
        try:
            return self._desk.cancel(tenant, job_id).state.status
        except redis.RedisError as error:
            raise Unanswered from error


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer to a submit: when asked, how it ended and how long it took."""

    asked_at: float
    took_s: float
    #: 0 where there was none.
    status: int


@dataclass(slots=True)
class Http:
    """Submits through the API and notes every answer."""

    port: int
    token: str
    answers: list[Answer] = field(default_factory=list)

    @classmethod
    def to(cls, site: Site, tenant: str) -> "Http":
        """Make a key on a site and return a sender that carries it."""
        keys = ApiKeys(site.client())
        token, _ = keys.create(tenant=tenant, scopes=["predict", "read"])
        return cls(site.api_port, token)

    def serves(self) -> bool:
        """Tell whether the API is ready."""
        try:
            return self._request("GET", "/readyz", None, {})[0] == 200
        except OSError:
            return False

    def send(self, order: Order) -> str:
        """Submit once."""
        body: dict[str, Any] = {"input": orjson.Fragment(order.input)}
        if order.deadline_s:
            body["deadline"] = order.deadline_s
        headers = {"Idempotency-Key": order.key}
        return str(self._post("/v1/predictions", orjson.dumps(body), headers)["id"])

    def cancel(self, tenant: str, job_id: str) -> str:
        """Cancel a job; the key's tenant counts."""
        del tenant
        path = f"/v1/predictions/{job_id}/cancel"
        return str(self._post(path, None, {})["status"])

    def _post(self, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        headers |= {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
        }
        asked_at = time.monotonic()
        status, text = 0, b""
        try:
            status, text = self._request("POST", path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered from error
        finally:
            took_s = time.monotonic() - asked_at
            self.answers.append(Answer(asked_at, took_s, status))
        if status not in _DONE:
            raise Unanswered(f"HTTP {status}")
        return orjson.loads(text)

    def _request(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        link = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=_HTTP_TIMEOUT_S
        )
        try:
            link.request(method, path, body, headers)
            answer = link.getresponse()
            return answer.status, answer.read()
        finally:
            link.close()
