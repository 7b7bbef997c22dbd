"""Houses that are submitted without a pause, each with a key and a receiver."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from tests.e2e.stack import call

#: How many submit at a time.
_CLIENTS = 4
#: Seconds between two submits of a client: enough to keep workers busy, and no flood.
_PAUSE_S = 0.02


@dataclass
class Load:
    """Submits until it is told to stop.

    Attributes:
        url: Where houses are submitted.
        token: The API key.
        body: What is submitted.
        jobs: Key of each submit that was taken -> the job's id.
    """

    url: str
    token: str
    body: Mapping[str, Any]
    jobs: dict[str, str] = field(default_factory=dict)
    _stopped: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Submit while the block runs."""
        clients = [
            threading.Thread(target=self._submit, args=(number,))
            for number in range(_CLIENTS)
        ]
        for client in clients:
            client.start()
        try:
            yield
        finally:
            self._stopped.set()
            for client in clients:
                client.join()

    def _submit(self, client: int) -> None:
        number = 0
        while not self._stopped.wait(_PAUSE_S):
            key = f"{client}-{number}"
            # Whoever got no answer asks again under the same key.
            with contextlib.suppress(OSError):
                answer = call(
                    self.url, self.token, self.body, **{"Idempotency-Key": key}
                )
                if answer.status == HTTPStatus.ACCEPTED:
                    self.jobs[key] = answer.body["id"]
                    number += 1
