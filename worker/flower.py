"""Flower, closed: it shows nothing of workers and tasks to who has not logged in.

`python -m worker.flower` takes Flower's own options. The login comes from the variable
FLOWER_BASIC_AUTH, as `user:password`; without one it does not start.
"""

import functools
import logging
from collections.abc import Callable, Iterable
from typing import Any

import click
from celery.bin.celery import celery as run_celery
from flower import command
from flower.options import options
from flower.utils import broker
from flower.views import monitor
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from tornado import web

from model_store import logs
from worker import celery
from worker.redis_acl import FLOWER_UNACKED
from worker.redis_address import Sentinels

#: What counts unless an option says otherwise.
_DEFAULTS = {
    "address": "127.0.0.1",
    # Else workers can be shut down, and tasks revoked, by a click.
    "read_only": True,
    # 135 MB; Flower's own default of 100,000 takes 600.
    "max_tasks": 10_000,
    "purge_offline_workers": 60,
}

#: Pages that Flower shows to everybody, whatever login it asks for elsewhere.
_OPEN = (monitor.Metrics, monitor.Healthcheck)

#: Whoever reads a queue through kombu also gives back what workers have not
#: acknowledged for long. That is theirs to do: Flower looks where nothing is.
_OWN_KEYS = {
    "unacked_key": FLOWER_UNACKED,
    "unacked_index_key": f"{FLOWER_UNACKED}_index",
    "unacked_mutex_key": f"{FLOWER_UNACKED}_mutex",
}


class _Watched(broker.RedisSentinel):  # type: ignore[misc] # Flower has no types
    """Counts what waits where the sentinels say that the primary is.

    Flower's own asks the first sentinel alone, and counts in database 0 always.
    """

    def __init__(self, named: Sentinels, *args: Any, **kwargs: Any) -> None:
        self._named = named
        super().__init__(*args, **kwargs)

    def _get_redis_client(self, *_: object) -> Any:
        named = self._named
        patience: Any = {
            "socket_connect_timeout": self.socket_connect_timeout,
            "socket_timeout": self.socket_timeout,
            "retry": Retry(NoBackoff(), 0),
            **named.tls,
        }
        # redis-py gives the functions of its sentinels no types.
        self._asked: Any = Sentinel(  # type: ignore[no-untyped-call]
            named.places, sentinel_kwargs={**patience, **named.own_login}
        )
        where: Any = {"db": named.database, **named.login}
        return self._asked.master_for(named.master, **patience, **where)

    async def queues(self, names: Iterable[str]) -> Any:
        """Return how much waits in each queue."""
        try:
            return await super().queues(names)
        finally:
            await self._asked.aclose()


def _login(_: click.Context, __: click.Parameter, login: str) -> str:
    user, colon, password = login.partition(":")
    if not (user and colon and password):
        raise click.BadParameter("expected USER:PASSWORD")
    return login


def _and_then_one_login(
    apply: Callable[[str, list[str]], None], login: str
) -> Callable[[str, list[str]], None]:
    """Return what reads Flower's options, and then lets in one login alone.

    Flower itself reads the variable and a file besides, which may name others.
    """

    def applied(name: str, words: list[str]) -> None:
        apply(name, words)
        options.basic_auth = [login]

    return applied


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--basic_auth",
    "--basic-auth",
    "login",
    envvar="FLOWER_BASIC_AUTH",
    show_envvar=True,
    required=True,
    callback=_login,
    help="USER:PASSWORD that it asks for; in the variable nobody sees it.",
)
@click.argument("more", nargs=-1, type=click.UNPROCESSED)
def main(*, login: str, more: tuple[str, ...]) -> None:
    """Run Flower until it is ended; MORE are its own options."""
    for name, value in _DEFAULTS.items():
        setattr(options, name, value)
    if named := Sentinels.of(celery.app.settings.redis_url):
        broker.RedisSentinel = functools.partial(_Watched, named)
    command.apply_options = _and_then_one_login(command.apply_options, login)
    for page in _OPEN:
        page.get = web.authenticated(page.get)
    # Tornado adds no handler of its own where there is one, and sets the level itself.
    logs.set_up(celery.app.settings.log_format, logging.INFO)
    celery.app.conf.broker_transport_options.update(_OWN_KEYS)
    run_celery(args=["--quiet", "-A", "worker.celery", "flower", *more])


if __name__ == "__main__":
    main(prog_name="python -m worker.flower")
