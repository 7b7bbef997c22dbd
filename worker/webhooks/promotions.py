"""Tells operators of promotions and rollbacks, whoever made them and however.

A command, an HTTP request and a retraining all change one file. The worker of lane
`upkeep` looks at it, so that each of its generations is announced, and once, and each
change that it tells of is archived.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import redis
from celery import bootsteps

from model_store import logs
from model_store.aliases import Aliases, Change
from model_store.errors import StoreError
from model_store.store import ModelStore
from worker import celery as wire
from worker import connection, keys
from worker.audit import Audit
from worker.errors import frames_of
from worker.outage import is_outage, words_of
from worker.settings import WorkerSettings
from worker.webhooks.announcements import Announcements
from worker.webhooks.event_types import PROMOTED, ROLLED_BACK

#: Seconds between two looks.
_LOOK_EVERY_S = 1.0

_log = logs.logger(__name__)


class Promotions:
    """Compares the aliases with those that were announced last.

    Args:
        client: Where it is kept what was announced, for whoever looks next.
        store: Where the aliases are.
        settings: What deliveries are written down by.
    """

    def __init__(
        self, client: redis.Redis, store: ModelStore, settings: WorkerSettings
    ) -> None:
        self._redis: Any = client
        self._store = store
        self._announcements = Announcements(client, settings)
        self._audit = Audit(client)
        self._is_archived = settings.archive_url is not None

    def look(self) -> None:
        """Archive and announce what has changed; what was never seen is no news.

        Who dies in between does it again, and nothing comes of that.

        Raises:
            StoreError: The store cannot be read.
            redis.RedisError: Redis cannot be reached, or takes no writes.
        """
        now, known = self._store.aliases(), self._redis.get(keys.ALIASES)
        before = Aliases.from_json(known) if known else now
        self._note(now.changes, before.changes if known else ())
        # A generation that is lower is that of another store, or read before a change
        # that another worker has told already.
        if now.generation > before.generation:
            for type_, data in _changes(before, now):
                _log.warning(type_.replace(".", "_"), **data)
                key = "{generation} {alias} {version}".format_map(data)
                self._announcements.announce(type_, data, key=key)
        if known is None or now != before:
            self._redis.set(keys.ALIASES, now.to_json())

    def _note(self, made: Sequence[Change], known: Sequence[Change]) -> None:
        """Log changes that are not known, and have them archived."""
        news = [change for change in made if change not in known]
        if news:
            self._audit.tell_archive(news, makes_feed=self._is_archived)
        for change in news:
            _log.warning("aliases_changed", **asdict(change))


def _changes(before: Aliases, now: Aliases) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the type and the data of each event."""
    if now.champion not in {None, before.champion}:
        swapped = (now.previous, now.champion) == (before.champion, before.previous)
        yield ROLLED_BACK if swapped else PROMOTED, _data("champion", before, now)
    if now.challenger not in {None, before.challenger}:
        yield PROMOTED, _data("challenger", before, now)


def _data(alias: str, before: Aliases, now: Aliases) -> dict[str, Any]:
    return {
        "alias": alias,
        "version": getattr(now, alias),
        "replaced": getattr(before, alias),
        "generation": now.generation,
    }


class PromotionWatch(bootsteps.StartStopStep):
    """Looks from a worker that was started with `-Q upkeep`, in a thread of its own.

    Where the store lets it wait, nothing else does.
    """

    # The clock is a fork of this process: it must be made before there is a thread.
    requires = ("celery.worker.components:Pool", "celery.worker.components:Beat")

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self.enabled = keys.UPKEEP in parent.app.amqp.queues.consume_from
        self._app: wire.KerbsideCelery = parent.app
        self._stopped = threading.Event()
        self._told = ""

    def start(self, *_: Any) -> None:
        """Begin to look."""
        settings = self._app.settings
        promotions = Promotions(
            connection.connect(settings.redis_url, role="worker"),
            ModelStore.from_settings(settings),
            settings,
        )
        threading.Thread(
            target=self._run, args=(promotions,), name="promotions", daemon=True
        ).start()

    def stop(self, *_: Any) -> None:
        """Look no more."""
        self._stopped.set()

    def terminate(self, *_: Any) -> None:
        """Look no more, at once."""
        self.stop()

    def _run(self, promotions: Promotions) -> None:
        while not self._stopped.wait(_LOOK_EVERY_S):
            try:
                promotions.look()
            except redis.RedisError as error:
                # An outage is told by those whom it holds up.
                self._tell("" if is_outage(error) else words_of(error))
            except StoreError as error:
                self._tell(str(error))
            except Exception as error:  # noqa: BLE001 - nobody else looks
                self._tell(f"\n{frames_of(error)}")
            else:
                self._tell("")

    def _tell(self, reason: str) -> None:
        """Log what is in the way, once."""
        if reason and reason != self._told:
            _log.warning("promotions_not_watched", reason=reason)
        self._told = reason
