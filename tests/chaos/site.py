"""One row's installation: a server, workers, upkeep, beat and, if asked for, API."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import redis

from api.launcher.stack import Stack
from api.launcher.statefolder import StateFolder
from api.settings import WAITERS
from model_store.archive.archive import Archive
from tests.chaos.fleet import Fleet
from tests.chaos.houses import Houses
from tests.chaos.proxy import Proxy
from tests.chaos.receivers import Receivers
from tests.patience import wait_until
from worker import connection, queue, redis_acl
from worker.keys import PREDICTIONS
from worker.limits import UNLIMITED
from worker.settings import WorkerSettings
from worker.supervision import embedded, ports
from worker.supervision.child import ChildSpec
from worker.supervision.embedded import EmbeddedRedis
from worker.webhooks.keyring import Keyring
from worker.webhooks.sealing import new_key

ROOT = Path(__file__).parents[2]
SERVER = "redis"

#: Celery applications: the product's own, the same with a slowed model, a stand-in.
PRODUCT = "worker.celery"
SLOW_REAL = "tests.chaos.stand_in:slow"
STAND_IN = "tests.chaos.stand_in"

#: Short, so that a hundred deaths fit into minutes; the product's default is 15 s.
LEASE_S = 2.0

#: Pauses between attempts to deliver, and how long one may take: the product's are
#: three days and 15 s.
_SCHEDULE_S = (1.0,) * 30
_ATTEMPT_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a site consists of."""

    houses: Houses
    #: Celery application of the prediction workers.
    app: str
    workers: int = 3
    #: Milliseconds that a house takes a worker.
    house_ms: int = 6
    #: Houses a batch, at most; the product's default is 128.
    batch_max: int = 32
    #: The API refuses what would wait too long; others submit all the same.
    admits: bool = False
    with_api: bool = False
    #: Everybody reaches Redis through a proxy.
    through_proxy: bool = False
    #: Good and bad receivers of webhooks.
    receivers: tuple[int, int] = (0, 0)
    #: What has ended is archived, in a file of SQLite.
    archives: bool = False
    #: A worker prices batches, whose files lie in the folder of the site.
    batches: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A running installation, and what the suite reaches it by."""

    plan: Plan
    folder: Path
    fleet: Fleet
    proxy: Proxy | None
    #: As clients and workers are set up.
    settings: WorkerSettings
    #: Straight to the server, whatever lies between it and the others.
    direct_url: str
    api_port: int
    receivers: Receivers | None = None

    @property
    def starts_file(self) -> Path:
        """Where the stand-in writes down the starts of houses that kill."""
        return self.folder / "starts"

    @property
    def batches_folder(self) -> Path:
        """Where the files of batches are."""
        return self.folder / "batches"

    @property
    def archive_file(self) -> Path:
        """Where the archive is, if the plan has one."""
        return self.folder / "archive.db"

    def client(self, role: connection.Role = "worker") -> redis.Redis:
        """Return a client that goes straight to the server."""
        return connection.connect(self.direct_url, role=role)

    def desk(self) -> queue.Queue:
        """Return the front desk as the API has it, with its short time limits."""
        client = connection.connect(self.settings.redis_url, role="api")
        return queue.Queue(client, self.settings)

    @property
    def workers(self) -> list[str]:
        """The names of the prediction workers."""
        return [f"predictions-{n}" for n in range(1, self.plan.workers + 1)]

    def answers(self) -> bool:
        """Tell whether the server serves."""
        client: Any = self.client("api")
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def workers_claim(self) -> bool:
        """Tell whether every worker that runs now has asked for work."""
        pids = {self.fleet.pid(name) for name in self.workers}
        return pids <= set(self.claimers().values())

    def claimers(self) -> dict[str, int]:
        """Return the process id of each worker that asked for work lately, by token."""
        client: Any = self.client()
        with contextlib.closing(client):
            tokens = client.zrange(f"kerbside:workers:{PREDICTIONS}", 0, -1)
        return {token.decode(): pid_of(token) for token in tokens}


def pid_of(token: bytes) -> int:
    """Return the process id in a worker's token: node name, process, unique part."""
    return int(token.rsplit(b":", 2)[1])


@contextlib.contextmanager
def running(folder: Path, plan: Plan) -> Iterator[Site]:
    """Run a site while the block runs; nothing of it is left after the block."""
    state = StateFolder.prepare(folder)
    # As shipped, and one user for who looks at the evidence.
    rules = {**redis_acl.rules(), **embedded.ONE_FOR_ALL}
    server = embedded.prepare(state.redis, rules=rules)
    with contextlib.ExitStack() as at_end:
        at_end.callback(server.close)
        proxy = None
        if plan.through_proxy:
            proxy = at_end.enter_context(Proxy(server.port))
        port = proxy.port if proxy else server.port
        settings = WorkerSettings(
            redis_url=server.url.replace(f":{server.port}/", f":{port}/"),
            state_dir=state.path,
            store_url=str(plan.houses.store),
            trusted_keys=plan.houses.trusted_keys,
            lease_s=LEASE_S,
            batch_max=plan.batch_max,
            secret_keys=(new_key(),),
            webhook_development=True,
            webhook_schedule_s=_SCHEDULE_S,
            webhook_timeout_s=_ATTEMPT_S,
            batches_url=str(folder / "batches") if plan.batches else None,
            batch_chunk_rows=100,
            # What a row submits is to be taken, whatever the line.
            rate_limit=UNLIMITED,
            max_wait_s=0,
        )
        fleet = at_end.enter_context(Fleet())
        api_port = ports.find_free()
        receivers = None
        if any(plan.receivers):
            receivers = at_end.enter_context(Receivers(*plan.receivers))
        site = Site(
            plan, folder, fleet, proxy, settings, server.url, api_port, receivers
        )
        if plan.archives:
            with contextlib.closing(Archive(_archive_url(site))) as archive:
                archive.migrate()
        fleet.start(_stack(site, state, server).redis(server))
        wait_until(site.answers, "the start of the server")
        fleet.start(*_programs(site, _stack(site, state, server)))
        wait_until(site.workers_claim, "the start of the workers")
        if receivers:
            keyring = Keyring(site.client(), settings)
            receivers.secret = keyring.default("acme")
        yield site


def _stack(site: Site, state: StateFolder, server: EmbeddedRedis) -> Stack:
    def redis_url_of(user: str) -> str:
        # Through whatever lies between the server and its clients.
        place = site.settings.redis_url.rpartition("@")[2]
        return f"{server.url_of(user).rpartition('@')[0]}@{place}"

    return Stack(
        state=state,
        environment=_environment(site),
        redis_url_of=redis_url_of,
        lock=server.lock,
        port=site.api_port,
        flower_port=0,
        flower_password="",
        predictors=site.plan.workers,
        drain_s=site.settings.drain_s,
        waiters=WAITERS,
        secret_keys=site.settings.secret_keys,
        archive_url=_archive_url(site) if site.plan.archives else "",
    )


def _archive_url(site: Site) -> str:
    return f"sqlite:///{site.archive_file}"


def _environment(site: Site) -> dict[str, str]:
    settings = site.settings
    if site.plan.admits:
        longest_s = WorkerSettings.model_fields["max_wait_s"].default
        settings = settings.model_copy(update={"max_wait_s": longest_s})
    return {
        "PATH": os.defpath,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        **settings.to_environ(),
        "KERBSIDE_HOUSE_MS": str(site.plan.house_ms),
        "KERBSIDE_STARTS_FILE": str(site.starts_file),
    }


def _programs(site: Site, stack: Stack) -> Iterator[ChildSpec]:
    for spec in stack.prediction_workers():
        yield _running(spec, site.plan.app)
    yield stack.upkeep_worker()
    yield stack.beat()
    if site.receivers:
        yield stack.webhooks_worker()
    if site.plan.batches:
        yield _running(stack.batches_worker(), site.plan.app)
    if site.plan.with_api:
        yield stack.api()


def _running(spec: ChildSpec, app: str) -> ChildSpec:
    command = tuple(app if part == PRODUCT else part for part in spec.command)
    return replace(spec, command=command)
