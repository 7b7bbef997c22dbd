"""Brings an installation up, step by step, until real houses are priced."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import redis

from api.launcher import showcase
from api.launcher.faults import (
    NotPriced,
    NotPricedInTime,
    NotReady,
    RedisUnreachable,
    TrainingFailed,
)
from api.launcher.local_keys import LocalKeys
from api.launcher.screen import Screen
from api.launcher.showcase import LocalClient, Sale
from api.launcher.stack import Stack
from api.server import PROCESSES
from model_store.card import ModelCard
from model_store.errors import ArchiveError, ModelStoreError
from model_store.store import ModelStore
from worker.connection import connect
from worker.durability import faults_of
from worker.supervision.embedded import EmbeddedRedis
from worker.supervision.supervisor import KeepsFailing, Supervisor

#: Reading back an append-only file of 512 MB takes some seconds.
REDIS_WAIT_S = 120.0

#: The API answers a second after its start, Flower three; loaded machines take longer.
READY_WAIT_S = 60.0

#: Workers load the model while the API starts; slow disks take longer.
PRICING_WAIT_S = 90.0

LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Startup:
    """The steps of a start; each returns when its part serves."""

    stack: Stack
    supervisor: Supervisor
    screen: Screen

    def champion(self, store: ModelStore) -> ModelCard:
        """Return the card of the champion, training a first one if there is none.

        Raises:
            TrainingFailed: There is none and none could be made.
        """
        try:
            if store.aliases().champion is None:
                self.screen.say(f"  No model in {store} yet: training one, once.")
                if self.supervisor.run_to_end(self.stack.training()) != 0:
                    raise TrainingFailed("The first model could not be trained.")
            card = store.card(store.resolve("champion"))
        except ModelStoreError as error:
            raise TrainingFailed(f"The model store cannot be used: {error}") from error
        text = f"{card.name} {card.version}, prices as of {card.as_of}"
        self.screen.tell("Model", text)
        return card

    def archive(self) -> None:
        """Bring the tables of the archive to the state that the processes expect.

        Raises:
            NotReady: The archive cannot be used.
        """
        # No other command pays for loading it.
        from model_store.archive.archive import Archive  # noqa: PLC0415

        with self.screen.step("Archive", "looking at its tables") as told:
            try:
                with contextlib.closing(Archive(self.stack.archive_url)) as archive:
                    archive.migrate()
                    told(archive.database.place)
            except ArchiveError as error:
                raise NotReady(str(error)) from error

    def embedded_redis(self, server: EmbeddedRedis) -> None:
        """Start the embedded server.

        Raises:
            NotReady: It does not come up.
        """
        with self.screen.step("Valkey", "starting, reading what it kept") as told:
            try:
                self.supervisor.start(self.stack.redis(server))
                answers = self._until(server.answers, REDIS_WAIT_S)
                log = self.supervisor.child("redis").last_lines()
            except KeepsFailing as failure:
                answers, log = False, failure.last_lines
            if not answers:
                raise NotReady(server.diagnosis("\n".join(log)))
            self.supervisor.settle("redis")
            told(f"port {server.port}, data in {server.folder}")

    def own_redis(self, url: str) -> None:
        """Look whether the user's own server answers, and keeps what it is given.

        Raises:
            RedisUnreachable: It does not.
        """
        place = url.rpartition("@")[2] or url  # without the password
        with self.screen.step("Redis", f"asking {place}") as told:
            try:
                with contextlib.closing(connect(url, role="worker")) as client:
                    faults = faults_of(client)
            except (redis.RedisError, ValueError) as error:  # a port that is none
                raise RedisUnreachable(
                    f"No Redis for us at {place}: {error}\n"
                    "KERBSIDE_REDIS_URL names it; without that variable `kerbside up`"
                    " starts a private one."
                ) from error
            told(place)
        for fault in faults:
            self.screen.warn(fault)

    def api(self) -> None:
        """Start the API and, beside it, the workers and what tends the queue.

        The upkeep comes first: jobs that an earlier installation left behind, and
        those of a worker that dies while the houses wait, are its to bring back.

        Raises:
            NotReady: The API does not get ready in time.
        """
        client = LocalClient(self.stack.port)
        with self.screen.step("API", "starting, with the workers beside it") as told:
            self.supervisor.start(
                *self.stack.prediction_workers(),
                self.stack.api(),
                self.stack.webhooks_worker(),
                self.stack.upkeep_worker(),
                self.stack.batches_worker(),
                self.stack.beat(),
            )
            if not self._until(client.is_ready, READY_WAIT_S):
                _, answer = client.call("GET", "/readyz")
                raise NotReady(
                    self._late("api", READY_WAIT_S) + f"\nIts last answer: {answer}"
                )
            self.supervisor.settle("api")
            told(f"{PROCESSES} server processes, {self.stack.predictors} workers")

    def houses(self, card: ModelCard, keys: LocalKeys) -> list[Sale]:
        """Price the real sales that a model's card carries.

        Raises:
            NotPriced: They come back without prices.
            NotPricedInTime: They have not come back yet.
        """
        client = LocalClient(self.stack.port, keys.user)
        give_up_at = time.monotonic() + PRICING_WAIT_S

        def repeat(is_done: Callable[[], bool]) -> None:
            if not self._until(is_done, give_up_at - time.monotonic()):
                raise NotPricedInTime(self._houses_late(keys.operator))

        with self.screen.step("Houses", "pricing, as soon as a worker is up") as told:
            try:
                sales = showcase.price(card.examples, client, repeat=repeat)
            except showcase.Unpriced as error:
                raise NotPriced(str(error)) from error
            told(f"{len(sales)} priced")
        return sales

    def flower(self) -> None:
        """Start what shows: Flower.

        Raises:
            NotReady: Flower does not come up.
        """
        client = LocalClient(self.stack.flower_port)
        with self.screen.step("Flower", "starting") as told:
            self.supervisor.start(self.stack.flower())
            if not self._until(client.is_closed, READY_WAIT_S):
                raise NotReady(self._late("flower", READY_WAIT_S))
            self.supervisor.settle("flower")
            told("queues, workers and tasks, read-only")

    def _until(self, condition: Callable[[], bool], for_s: float) -> bool:
        return self.supervisor.run(until=condition, for_s=for_s, every_s=LOOK_EVERY_S)

    def _houses_late(self, token: str) -> str:
        """Say why the houses have no prices yet: the backlog, or a silent worker."""
        client = LocalClient(self.stack.port, token)
        status, answer = client.call("GET", "/v1/ops/scaler")
        lane = answer["queues"]["predictions"] if status == HTTPStatus.OK else {}
        if lane.get("paused"):
            return f"No prices within {PRICING_WAIT_S:g} s: the lane is paused."
        if waiting := lane.get("waiting"):
            return (
                f"No prices within {PRICING_WAIT_S:g} s: {waiting:,} jobs wait, at"
                f" {lane['jobs_per_s']:g} a second."
            )
        return self._late("predictions-1", PRICING_WAIT_S)

    def _late(self, name: str, wait_s: float) -> str:
        lines = self.supervisor.child(name).last_lines()
        return with_last_lines(f"{name} was not ready within {wait_s:g} s.", lines)


def with_last_lines(message: str, lines: Sequence[str]) -> str:
    """Add the last lines of a log to a message."""
    if not lines:
        return message + " It logged nothing."
    return "\n".join([message, "Its last lines:", *(f"  {line}" for line in lines)])
