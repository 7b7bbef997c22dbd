"""A server of its own, and beside it processes as `kerbside up` starts them."""

import contextlib
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from api.launcher import installation
from api.launcher.local_keys import LOCAL_TENANT
from api.launcher.stack import Stack
from api.launcher.statefolder import StateFolder
from api.settings import ApiSettings
from model_store.store import ModelStore
from tests.patience import NotInTime, wait_until
from worker import redis_acl
from worker.connection import connect
from worker.jobs import Submission
from worker.listing import Listing
from worker.queue import Queue
from worker.settings import WorkerSettings
from worker.supervision import embedded, ports
from worker.supervision.child import Child, ChildSpec
from worker.supervision.childlog import ChildLog
from worker.supervision.embedded import EmbeddedRedis

#: The users of `kerbside up`, and two more.
RULES = {
    **redis_acl.rules(),
    # Who uses one address for everything; docs/howto/own-redis.md shows it.
    "kerbside": "~* &* +@all -@admin -@dangerous +info",
    # The test itself.
    **embedded.ONE_FOR_ALL,
}


@dataclass(frozen=True)
class Installation:
    """A server that runs, and what else a test starts."""

    stack: Stack
    redis: EmbeddedRedis
    _children: list[Child] = field(default_factory=list)

    def start(self, spec: ChildSpec) -> Child:
        """Start one of the stack's processes; it ends with the test."""
        child = Child(spec, ChildLog(spec.log), now=time.monotonic())
        self._children.append(child)
        return child

    def end(self) -> None:
        """End what was started: first asked, then, if it must be, killed."""
        for child in self._children:
            child.terminate()
        for child in self._children:
            with contextlib.suppress(NotInTime):
                wait_until(child.has_ended, timeout_s=child.spec.grace_s)
            child.kill()

    def logs(self) -> Mapping[str, str]:
        """Return what each process has logged."""
        return {
            path.stem: path.read_text(errors="replace")
            for path in self.stack.state.logs.glob("*.log")
        }


def in_a_hurry(spec: ChildSpec) -> ChildSpec:
    """Return the worker of batches as one that yields to nobody.

    Where everything is tested at once it would wait for the others' end.
    """
    assert spec.command[0] == "nice"
    return replace(spec, command=spec.command[3:])


@contextlib.contextmanager
def running(
    folder: Path,
    store: ModelStore,
    *,
    secret_keys: Sequence[str] = (),
    webhook_development: bool = False,
    archive_url: str = "",
) -> Iterator[Installation]:
    """Run a server in a folder, and end with it what the block starts."""
    state = StateFolder.prepare(folder)
    with state.locked() as lock, embedded.serving(state.redis, rules=RULES) as server:
        port, flower_port = ports.find_free(), ports.find_free()
        settings = installation.for_children(
            ApiSettings(
                store_url=store.url,
                trusted_keys=store.trust.keys,
                webhook_development=webhook_development,
            ),
            state_dir=state.path,
            redis_url=server.url,
            port=port,
            flower_port=flower_port,
        )
        stack = Stack(
            state=state,
            environment=installation.environment(settings),
            redis_url_of=server.url_of,
            lock=lock,
            port=port,
            flower_port=flower_port,
            flower_password="hunter2",
            predictors=1,
            drain_s=settings.drain_s,
            waiters=settings.waiters,
            archive_url=archive_url,
            secret_keys=secret_keys,
        )
        place = Installation(stack, server)
        try:
            yield place
        finally:
            place.end()


def submit_again(state: Path, webhook: str) -> str:
    """Submit one more time what was priced on a state folder; return the new id."""
    url = embedded.known_url(state / "redis", user=redis_acl.OPERATOR)
    assert url
    with contextlib.closing(connect(url, role="operator")) as client:
        (priced,) = Listing(client).page(LOCAL_TENANT, limit=1).jobs
        submission = Submission(
            id=str(uuid.uuid4()),
            tenant=LOCAL_TENANT,
            model=priced.model,
            version=priced.version,
            input=priced.input,
            webhook=webhook,
        )
        return Queue(client, WorkerSettings(redis_url=url)).submit(submission).job.id
