"""The processes of an installation on one machine, and how each is started."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from signal import Signals

from api import server
from api.launcher.statefolder import StateFolder
from model_store.settings import ARCHIVE_URL, SIGNING_KEY_FILE
from worker import redis_acl
from worker.settings import METRICS_ADDRESS, METRICS_PORT, REDIS_URL
from worker.supervision import ports
from worker.supervision.child import ChildSpec
from worker.supervision.embedded import EmbeddedRedis
from worker.webhook_settings import SECRET_KEYS

FLOWER_USER = "kerbside"

#: Order of the stop: no new work, then the work in hand, then what holds it.
FRONT, BACK, REDIS = range(3)

#: Leaves the processors to whoever else wants them.
_YIELDING = ("nice", "-n", "10")
_CELERY = (sys.executable, "-m", "celery", "--quiet", "-A", "worker.celery")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """All that the processes need to know.

    Attributes:
        state: The folder they share.
        environment: Their environment, without secrets of single ones.
        redis_url_of: Tells the address of Redis for a user of it.
        lock: Handle of the state folder's lock, which they inherit.
        port: Where the API listens.
        flower_port: Where Flower listens.
        flower_password: What Flower asks for.
        predictors: Number of prediction workers.
        drain_s: How long a worker may take to finish what it has begun.
        waiters: Requests of one API process that may wait at a time.
        signing_key_file: The private key that training signs with, if it was named.
        archive_url: Where the archive is, for who uses it.
        secret_keys: What seals the webhooks' secrets, for who seals or opens them.
        metrics_ports: Where workers tell Prometheus what they did, by their names.
    """

    state: StateFolder
    environment: Mapping[str, str] = field(repr=False)
    redis_url_of: Callable[[str], str]
    lock: int
    port: int
    flower_port: int
    flower_password: str = field(repr=False)
    predictors: int
    drain_s: float
    waiters: int
    signing_key_file: Path | None = None
    archive_url: str = field(default="", repr=False)
    secret_keys: Sequence[str] = field(default=(), repr=False)
    metrics_ports: Mapping[str, int] = field(default_factory=dict)

    def redis(self, embedded: EmbeddedRedis) -> ChildSpec:
        """Return the embedded Valkey."""
        spec = self._spec(
            "redis",
            embedded.command,
            stage=REDIS,
            grace_s=20.0,
            orphan_signal=Signals.SIGTERM,  # brings its append-only file in order
        )
        # Its faults at a start do not pass by themselves.
        return replace(spec, attempts=1, inherit=(*spec.inherit, embedded.lock))

    def api(self) -> ChildSpec:
        """Return the HTTP front end."""
        command = server.command(
            host=ports.LOOPBACK,
            port=self.port,
            processes=server.PROCESSES,
            waiters=self.waiters,
        )
        return self._spec(
            "api",
            command,
            user=redis_acl.API,
            stage=FRONT,
            grace_s=12.0,
            orphan_signal=Signals.SIGTERM,  # ends its server processes
            more_environment={**self._sealing(), ARCHIVE_URL: self.archive_url},
        )

    def workers(self) -> Sequence[ChildSpec]:
        """Return all workers, whatever their lane."""
        others = self.webhooks_worker(), self.upkeep_worker(), self.batches_worker()
        return *self.prediction_workers(), *others

    def prediction_workers(self) -> Iterator[ChildSpec]:
        """Return the workers that price."""
        for number in range(1, self.predictors + 1):
            yield self._worker(f"predictions-{number}", "predictions", "INFO")

    def webhooks_worker(self) -> ChildSpec:
        """Return the worker that delivers events."""
        spec = self._worker("webhooks", "webhooks", "INFO")
        return replace(spec, environment={**spec.environment, **self._sealing()})

    def batches_worker(self) -> ChildSpec:
        """Return the worker that prices many houses at once, behind all others."""
        spec = self._worker("batches", "batches", "INFO")
        # What it prices is not archived.
        environment = {**spec.environment, ARCHIVE_URL: ""}
        command = (*_YIELDING, *spec.command)
        return replace(spec, command=command, environment=environment)

    def upkeep_worker(self) -> ChildSpec:
        """Return the worker that tends the ledger."""
        # Two lines a second, at INFO, say that all is well.
        spec = self._worker("upkeep", "upkeep", "WARNING")
        # It retrains too.
        return replace(spec, environment={**spec.environment, **self._signing()})

    def beat(self) -> ChildSpec:
        """Return the clock of the upkeep worker."""
        options = {"schedule": self.state.beat_schedule, "loglevel": "WARNING"}
        command = (*_CELERY, "beat", *_long(options))
        return self._spec("beat", command, user=redis_acl.WORKER)

    def flower(self) -> ChildSpec:
        """Return the page that shows workers and tasks."""
        options = {"address": ports.LOOPBACK, "port": self.flower_port}
        return self._spec(
            "flower",
            (sys.executable, "-m", "worker.flower", *_long(options)),
            user=redis_acl.FLOWER,
            more_environment={
                "FLOWER_BASIC_AUTH": f"{FLOWER_USER}:{self.flower_password}"
            },
        )

    def training(self) -> ChildSpec:
        """Return the training of a champion, which talks to the terminal."""
        command = (sys.executable, "-m", "model_store", "train")
        spec = self._spec("training", command, more_environment=self._signing())
        return replace(spec, is_visible=True)

    def _signing(self) -> dict[str, str]:
        """Return where the private key is, which no other process is told."""
        file = self.signing_key_file
        return {SIGNING_KEY_FILE: str(file)} if file else {}

    def _sealing(self) -> dict[str, str]:
        return {SECRET_KEYS: " ".join(self.secret_keys)}

    def _worker(self, name: str, lane: str, level: str) -> ChildSpec:
        options = {
            "queues": lane,
            "pool": "threads",
            # Batches have a thread of their own, and upkeep does one thing at a time.
            "concurrency": 1,
            "hostname": f"{name}@%h",
            "loglevel": level,
        }
        return self._spec(
            name,
            (*_CELERY, "worker", *_long(options)),
            user=redis_acl.WORKER,
            grace_s=self.drain_s + 5.0,
            more_environment={
                METRICS_ADDRESS: ports.LOOPBACK,
                METRICS_PORT: str(self.metrics_ports.get(name, 0)),
                ARCHIVE_URL: self.archive_url,
            },
        )

    def _spec(
        self,
        name: str,
        command: tuple[str, ...],
        *,
        stage: int = BACK,
        grace_s: float = 8.0,
        orphan_signal: Signals = Signals.SIGKILL,
        user: str | None = None,
        more_environment: Mapping[str, str] | None = None,
    ) -> ChildSpec:
        # Each process knows one user of Redis at most, its own.
        address = {REDIS_URL: self.redis_url_of(user) if user else ""}
        return ChildSpec(
            name=name,
            command=command,
            environment={**self.environment, **address, **(more_environment or {})},
            folder=self.state.run,
            log=self.state.log(name),
            stage=stage,
            grace_s=grace_s,
            orphan_signal=orphan_signal,
            inherit=(self.lock,),
        )


def _long(options: Mapping[str, object]) -> Iterator[str]:
    return (f"--{name}={value}" for name, value in options.items())
