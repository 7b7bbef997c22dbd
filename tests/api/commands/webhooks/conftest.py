"""An installation whose webhooks an operator looks after."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import redis as redis_py
from click.testing import Result

from tests.api.conftest import Run
from tests.worker.conftest import submission
from worker.keys import PREDICTIONS, WEBHOOKS
from worker.leases import Completion
from worker.queue import Queue
from worker.settings import WorkerSettings
from worker.webhooks.deliveries import Deliveries, Verdict
from worker.webhooks.endpoints import Endpoints
from worker.webhooks.keyring import Keyring
from worker.webhooks.sealing import new_key

#: Of an address, so that no name server is asked.
URL = "https://93.184.215.14/hook"


@dataclass
class Operator:
    """Types commands; beside them stands what they act on."""

    run: Run
    settings: WorkerSettings
    redis: redis_py.Redis

    def type(self, *words: str, **changes: str) -> Result:
        """Run a command of the group."""
        environment = self.settings.to_environ("redis_url", "secret_keys") | changes
        return self.run("webhooks", *words, **environment)

    def told(self, *words: str) -> Any:
        """Return what a command that succeeds prints as JSON."""
        done = self.type(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    @property
    def endpoints(self) -> Endpoints:
        """The endpoints themselves."""
        return Endpoints(self.redis, self.settings)

    @property
    def deliveries(self) -> Deliveries:
        """The deliveries themselves."""
        return Deliveries(self.redis, self.settings)

    @property
    def keyring(self) -> Keyring:
        """The secrets themselves."""
        return Keyring(self.redis, self.settings)

    def price(self, **changes: object) -> None:
        """Price a house of tenant `acme`."""
        queue = Queue(self.redis, self.settings)
        queue.submit(submission(**changes))
        book = self.deliveries.ledger
        leases = book.claim(PREDICTIONS, limit=1, worker="w").leases
        done = [Completion(lease=one, output=b'{"price":1}') for one in leases]
        book.complete(PREDICTIONS, done)

    def attempt(self, outcome: str = "delivered", status: int = 200) -> bool:
        """Write what became of an attempt at the next delivery; False: none is due."""
        book = self.deliveries.ledger
        for lease in book.claim(WEBHOOKS, limit=1, worker="d").leases:
            logged: dict[str, Any] = {"at": 1, "status_code": status, "duration": 0.1}
            logged |= {"response": "", "error": None}
            self.deliveries.attempted(lease, Verdict(outcome), logged)
            return True
        return False


@pytest.fixture
def make_operator(
    run: Run, settings: WorkerSettings, redis: redis_py.Redis, operator_url: str
) -> Callable[..., Operator]:
    """Return a function that makes an operator of an installation with some keys."""

    def make(*keys: str) -> Operator:
        own = settings.model_copy(
            update={"secret_keys": keys, "redis_url": operator_url}
        )
        return Operator(run, own, redis)

    return make


@pytest.fixture
def operator(make_operator: Callable[..., Operator]) -> Operator:
    """Return an operator of an installation with a key that seals secrets."""
    return make_operator(new_key())
