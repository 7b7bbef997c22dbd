"""Events as they are sent to receivers: good, forged, old ones."""

import http.client
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from worker.webhooks.signing import new_secret, signature_headers


@dataclass
class EventSender:
    """Sends events to a receiver on this machine, and returns its answers."""

    port: int
    secret: str = field(default_factory=new_secret)

    def send(
        self,
        event_id: str = "evt_1",
        *,
        path: str = "/",
        age_s: float = 0.0,
        secret: str | None = None,
        body: bytes | None = None,
        **data: Any,
    ) -> int:
        """Send an event; return the status that it is answered with."""
        record = {"id": "p1", "status": "succeeded", "sequence": 3, **data}
        event = {"type": "prediction.succeeded", "timestamp": "now", "data": record}
        body = json.dumps(event).encode() if body is None else body
        at = datetime.now(UTC) - timedelta(seconds=age_s)
        headers = signature_headers(event_id, at, body, [secret or self.secret])
        return self.post(body, headers, path=path)

    def post(self, body: bytes, headers: dict[str, str], *, path: str = "/") -> int:
        """Send a request as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()
