"""`kerbside up`: a whole installation on this machine, from one command."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Any

import click

from api.launcher import faults, installation, scraping, sealing_keys
from api.launcher.faults import (
    AlreadyRunning,
    NotPriced,
    NotPricedInTime,
    NotReady,
    PortTaken,
    RedisUnreachable,
    StateFolderUnusable,
    TrainingFailed,
)
from api.launcher.local_keys import LocalAccess, LocalKeys
from api.launcher.screen import Screen
from api.launcher.showcase import Sale
from api.launcher.stack import Stack
from api.launcher.startup import Startup, with_last_lines
from api.launcher.statefolder import StateFolder
from api.launcher.welcome import Welcome
from api.settings import ApiSettings
from model_store.card import ModelCard
from model_store.command_line import INTERRUPTED, Command
from model_store.store import ModelStore
from worker import redis_acl
from worker.audit import Audit
from worker.connection import connect
from worker.credentials import ApiKeys
from worker.supervision import embedded, ports
from worker.supervision.embedded import EmbeddedRedis
from worker.supervision.inbox import SignalInbox
from worker.supervision.supervisor import (
    KeepsFailing,
    StoppedAtOnce,
    StopRequested,
    Supervisor,
)

_HELP = """Start Kerbside on this machine and price five real houses with it.

It starts Redis (a private Valkey, unless KERBSIDE_REDIS_URL names a server), the HTTP
API, the workers and Flower, trains a first model if there is none, and keeps all of
them running until Ctrl-C or SIGTERM, which ends them in order. A second Ctrl-C ends
them at once.
"""

_EXIT_CODES = {
    0: "Ended in order, or --once and the houses are priced.",
    INTERRUPTED: "Ended by Ctrl-C before it was up, or at once.",
    143: "Ended by SIGTERM before it was up.",
    **faults.exit_codes(
        AlreadyRunning,
        PortTaken,
        StateFolderUnusable,
        NotReady,
        TrainingFailed,
        NotPriced,
        RedisUnreachable,
    ),
}

_PORT = click.IntRange(0, 65535)

#: Shells tell a signal by this sum.
_SIGNALLED = 128


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for on the command line."""

    port: int
    flower_port: int
    workers: int
    state_dir: Path | None
    once: bool
    webhooks_to_localhost: bool
    as_json: bool
    verbose: bool


@click.command(cls=Command, help=_HELP, exit_codes=_EXIT_CODES)
@click.option(
    "--port", type=_PORT, default=8000, show_default=True, help="API; 0: any."
)
@click.option(
    "--flower-port", type=_PORT, default=5555, show_default=True, help="Flower; 0: any."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=_cores,
    show_default="one a core",
    help="Processes that price.",
)
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path),
    show_default="KERBSIDE_STATE_DIR, else var",
    help="Keeps data, models and logs.",
)
@click.option(
    "--webhooks-to-localhost",
    is_flag=True,
    help="Let webhooks go to this machine, and anywhere else: for development.",
)
@click.option("--once", is_flag=True, help="Price the houses, end everything, exit.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
@click.option("--verbose", "-v", is_flag=True, help="Show what the processes log.")
def up(**given: Any) -> None:
    """Start everything on this machine; `_HELP` says it to the user."""
    options, settings, screen = Options(**given), installation.read_settings(), Screen()
    state = StateFolder.prepare(options.state_dir or settings.state_dir)
    with contextlib.ExitStack() as at_end:
        at_end.callback(screen.close)
        lock = at_end.enter_context(state.locked())
        port = _port(options.port, "--port")
        flower_port = _port(options.flower_port, "--flower-port", taken=port)
        server = None
        if not installation.names_redis(settings):
            server = at_end.enter_context(
                contextlib.closing(_embedded(state, settings))
            )
        settings = installation.for_children(
            settings,
            state_dir=state.path,
            redis_url=server.url_of(redis_acl.OPERATOR)
            if server
            else settings.redis_url,
            port=port,
            flower_port=flower_port,
        )
        if options.webhooks_to_localhost:
            settings = settings.model_copy(update={"webhook_development": True})
        stack = Stack(
            state=state,
            environment=installation.environment(settings),
            redis_url_of=server.url_of if server else lambda _: settings.redis_url,
            signing_key_file=settings.signing_key_file,
            lock=lock,
            port=port,
            flower_port=flower_port,
            flower_password=LocalAccess(state.access).flower_password(),
            predictors=options.workers,
            drain_s=settings.drain_s,
            waiters=settings.waiters,
            archive_url=settings.archive_url or "",
            secret_keys=sealing_keys.ensured(settings),
        )
        stack = scraping.with_ports(stack)
        state.note_ports(api=port, flower=flower_port)
        state.note_settings(installation.noted(settings))
        inbox = at_end.enter_context(SignalInbox())
        _keep_up(options, settings, stack, server, inbox, screen)


def _keep_up(
    options: Options,
    settings: ApiSettings,
    stack: Stack,
    server: EmbeddedRedis | None,
    inbox: SignalInbox,
    screen: Screen,
) -> None:
    """Run the processes until the houses are priced, or for good."""
    follow = screen.log if options.verbose else None
    supervisor = Supervisor(inbox, report=screen.warn, follow=follow)
    welcome = Welcome(screen, as_json=options.as_json)
    with _ended_in_order(supervisor, screen) as is_up:
        startup = Startup(stack, supervisor, screen)
        card, keys = _start(startup, settings, server)
        welcome.houses(card, _houses(startup, card, keys, once=options.once))
        startup.flower()
        welcome.addresses(settings.public_url, stack, keys)
        is_up()
        if not options.once:
            screen.say("\nRunning. Ctrl-C ends everything in order.")
            supervisor.run()


def _start(
    startup: Startup,
    settings: ApiSettings,
    server: EmbeddedRedis | None,
) -> tuple[ModelCard, LocalKeys]:
    """Bring everything up that prices a house."""
    if settings.webhook_development:
        startup.screen.warn(
            "Webhooks may go to this machine and to private networks, without TLS: give"
            " no key to a stranger."
        )
    card = startup.champion(ModelStore.from_settings(settings))
    startup.archive()
    if server:
        startup.embedded_redis(server)
    else:
        startup.own_redis(settings.redis_url)
    startup.api()
    with contextlib.closing(connect(settings.redis_url, role="worker")) as client:
        access = LocalAccess(startup.stack.state.access)
        return card, access.keys(ApiKeys(client), Audit(client))


def _houses(
    startup: Startup, card: ModelCard, keys: LocalKeys, *, once: bool
) -> Sequence[Sale]:
    """Return the first houses; late ones end only a run that is for them alone."""
    try:
        return startup.houses(card, keys)
    except NotPricedInTime as late:
        if once:
            raise
        startup.screen.warn(late.message)
        return ()


@contextlib.contextmanager
def _ended_in_order(
    supervisor: Supervisor, screen: Screen
) -> Iterator[Callable[[], None]]:
    """End all processes after the block, whatever ended it.

    The block gets a function to call when all is up: from then on a stop signal is
    the ordinary end, exit code 0.
    """
    up: list[bool] = []
    try:
        try:
            yield lambda: up.append(True)
        except KeepsFailing as failure:
            message = with_last_lines(str(failure), failure.last_lines)
            raise NotReady(message) from failure
        finally:
            if supervisor.has_children:
                screen.say("\nEnding: API, then workers, then Redis. Ctrl-C: at once.")
                supervisor.stop()
                screen.say("Ended.")
    except StopRequested as stop:
        if not up:
            sys.exit(_SIGNALLED + stop.signal)
    except StoppedAtOnce:
        sys.exit(_SIGNALLED + Signals.SIGINT)


def _port(wanted: int, option: str, *, taken: int = 0) -> int:
    if wanted == 0:
        return ports.find_free()
    if wanted != taken and ports.is_free(wanted):
        return wanted
    raise PortTaken(
        f"Port {wanted} of {ports.LOOPBACK} is taken by another program. Choose another"
        f" with {option}; {option} 0 takes any free one."
    )


def _embedded(state: StateFolder, settings: ApiSettings) -> EmbeddedRedis:
    try:
        return embedded.prepare(
            state.redis, rules=redis_acl.rules(), maxmemory=settings.embedded_memory
        )
    except embedded.FolderUnusable as error:
        raise StateFolderUnusable(str(error)) from error
    except embedded.EmbeddedError as error:
        raise NotReady(str(error)) from error
