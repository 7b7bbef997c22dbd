"""Ways to submit a house: straight to the queue, or through the HTTP API."""

import http.client
import time
from dataclasses import dataclass, field
from typing import Protocol

import orjson
import redis

from tests.chaos.site import Site
from worker.credentials import ApiKeys
from worker.errors import QueueRefusal
from worker.jobs import Submission
from worker.queue import Queue

#: Seconds after which a request without an answer is given up.
_HTTP_TIMEOUT_S = 10.0


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


class Sender(Protocol):
    """Submits orders."""

    def send(self, order: Order) -> str:
        """Submit once; return the id of the job that was acknowledged.

        Raises:
            Unanswered: It may or may not have been taken.
        """


class Direct:
    """Submits as the API does, without HTTP."""

    def __init__(self, desk: Queue) -> None:
        self._desk = desk

    def send(self, order: Order) -> str:
        """Submit once."""
        submission = Submission(
            id=order.key,
            tenant=order.tenant,
            model="chaos",
            version=order.version,
            input=order.input,
            fingerprint=order.key,
            idempotency_key=order.key,
        )
        try:
            return self._desk.submit(submission).job.id
        except (redis.RedisError, QueueRefusal) as error:
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
        body = orjson.dumps({"input": orjson.Fragment(order.input)})
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": order.key,
        }
        asked_at = time.monotonic()
        status, text = 0, b""
        try:
            status, text = self._request("POST", "/v1/predictions", body, headers)
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered from error
        finally:
            took_s = time.monotonic() - asked_at
            self.answers.append(Answer(asked_at, took_s, status))
        if status not in (201, 202):
            raise Unanswered(f"HTTP {status}")
        return str(orjson.loads(text)["id"])

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
