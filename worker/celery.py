"""The Celery application: lanes, wire names and settings that lose nothing.

`celery -A worker.celery worker -Q predictions -P threads -c 1` prices houses,
`-Q batches` does so many at a time, `-Q webhooks` delivers events, `-Q upkeep` tends
the ledger, and
`celery -A worker.celery beat` keeps the time.
"""

import logging
import os
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import celery
from celery import signals
from celery.apps import worker as celery_worker
from kombu import Exchange, Queue
from kombu.utils.url import parse_url
from prometheus_client import CollectorRegistry
from pydantic import ValidationError
from redis.backoff import NoBackoff
from redis.retry import Retry

from model_store import logs
from model_store.settings import told
from worker import connection, errands, keys, predictors, redis_address
from worker.keys import UPKEEP
from worker.metrics import Metrics
from worker.redis_address import Sentinels
from worker.settings import WorkerSettings

#: Wire names of the tasks; they outlive every move of the code behind them.
PRICE = "price"
DELIVER = "deliver"
PRICE_CHUNK = "price_chunk"
REAP = "reap"
TEND = "tend"
WATCH_DRIFT = "watch_drift"
ERRAND = "errand"

#: Seconds between two ticks of the reaper, and after which an unread tick is dropped.
_REAP_EVERY_S = 1.0
_REAP_EXPIRES_S = 5.0
#: Seconds after which an errand that no worker took is not begun any more.
ERRAND_EXPIRES_S = 3600.0
#: Seconds between two that Flower shows; for one a second it would forget all else.
_TEND_EVERY_S = 60.0
#: Seconds between two looks whether houses have changed, and after which an unread one
#: is dropped.
_WATCH_EVERY_S, _WATCH_EXPIRES_S = 60.0, 30.0


class KerbsideCelery(celery.Celery):
    """A Celery application that carries what its tasks and its batch consumer need."""

    settings: WorkerSettings
    metrics: Metrics
    load_predictor: Callable[..., predictors.Pricing]
    errands: errands.Errands


def create_celery(
    settings: WorkerSettings,
    *,
    load_predictor: Callable[..., predictors.Pricing] = predictors.load,
    batching: bool = True,
) -> KerbsideCelery:
    """Build the application.

    Args:
        settings: Where Redis and the models are, and how patient to be.
        load_predictor: Called with the store and a version id.
        batching: False leaves the lanes of the ledger to kombu, as a stock worker.
    """
    sentinels = Sentinels.of(settings.redis_url)
    app = KerbsideCelery(
        "kerbside",
        broker=sentinels.as_broker() if sentinels else settings.redis_url,
        backend="disabled",
        set_as_current=False,
    )
    app.settings = settings
    app.metrics = Metrics(CollectorRegistry())
    app.load_predictor = load_predictor
    # A client connects at its first command.
    client = connection.connect(settings.redis_url, role="worker")
    app.errands = errands.Errands(client, app.metrics)
    app.conf.update(_configuration(settings), broker_use_ssl=_tls(settings.redis_url))
    if sentinels:
        app.conf.broker_transport_options.update(_watched(sentinels))
    if batching:
        # By name: only a process that runs the step pays for importing it.
        app.steps["worker"].add("worker.consumer:BatchConsumer")
        app.steps["worker"].add("worker.webhooks.consumer:DeliveryConsumer")
        app.steps["worker"].add("worker.chunk_consumer:ChunkConsumer")
        app.steps["worker"].add("worker.upkeep_watch:UpkeepWatch")
        app.steps["worker"].add("worker.errands_step:ErrandsStep")
        app.steps["worker"].add("worker.pruning:Pruning")
        app.steps["worker"].add("worker.sweeping:Sweeping")
        app.steps["worker"].add("worker.webhooks.promotions:PromotionWatch")
        app.steps["worker"].add("worker.shadow_keeper:ShadowKeeper")
        app.steps["worker"].add("worker.archivist:Archivist")
        app.steps["worker"].add("worker.portfolio_keeper:PortfolioKeeper")
        app.steps["worker"].add("worker.metrics_server:MetricsServer")
    return app


def _configuration(settings: WorkerSettings) -> dict[str, Any]:
    lanes = (*keys.LANES, UPKEEP)
    return {
        "imports": ["worker.tasks"],
        # Without its own exchange a queue would also receive what upkeep is sent.
        "task_queues": [Queue(q, Exchange(q), routing_key=q) for q in lanes],
        "task_default_queue": UPKEEP,
        "task_routes": {
            PRICE: {"queue": keys.PREDICTIONS},
            DELIVER: {"queue": keys.WEBHOOKS},
            PRICE_CHUNK: {"queue": keys.BATCHES},
        },
        "beat_scheduler": "worker.beat:Scheduler",
        "beat_schedule": {
            REAP: {
                "task": REAP,
                "schedule": _REAP_EVERY_S,
                "options": {"expires": _REAP_EXPIRES_S},
            },
            TEND: {
                "task": TEND,
                "schedule": _TEND_EVERY_S,
                "options": {"expires": _REAP_EXPIRES_S},
            },
            WATCH_DRIFT: {
                "task": WATCH_DRIFT,
                "schedule": _WATCH_EVERY_S,
                "options": {"expires": _WATCH_EXPIRES_S},
            },
            **_errands(errands.due(settings)),
        },
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_disable_prefetch": True,
        "worker_prefetch_multiplier": 1,
        "worker_send_task_events": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # kombu's own recovery, for upkeep: a dead worker's task comes back in minutes,
        # a half-open connection is noticed in seconds.
        "broker_transport_options": {
            "visibility_timeout": 600,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 2,
            "unacked_mutex_expire": 30,
            "socket_timeout": 5,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 10,
        },
    }


def _errands(due: Mapping[str, errands.Schedule]) -> dict[str, Any]:
    options = {"expires": ERRAND_EXPIRES_S}
    return {
        name: {"task": ERRAND, "args": (name,), "schedule": when, "options": options}
        for name, when in due.items()
    }


def _watched(sentinels: Sentinels) -> dict[str, Any]:
    """Return what kombu is told of those whom it asks for the primary."""
    own = {**sentinels.own_login, **sentinels.tls}
    # One that is away is passed over at once; kombu's own loop comes again.
    patience = {"socket_timeout": 5, "socket_connect_timeout": 5}
    once = Retry(NoBackoff(), 0)
    return {
        "master_name": sentinels.master,
        "sentinel_kwargs": {**own, **patience, "retry": once},
    }


def _tls(url: str) -> dict[str, Any] | bool:
    """Return how the broker's certificate is looked at, which kombu else does not."""
    options = redis_address.tls_options(url)
    if options is None:
        return False
    read = parse_url(f"rediss://server/0?{options}").get("ssl", {})
    return {"ssl_cert_reqs": ssl.CERT_REQUIRED, **read}


def log_as_set(form: logs.Form) -> None:
    """Have Celery's programs log in one form, from the level of their `--loglevel` on.

    With `json` a worker shows no banner, and what it says to a signal is a line too.
    """

    def set_up(loglevel: int, logfile: str | None, **_: Any) -> None:
        logs.set_up(form, loglevel, file=logfile)

    # Celery warns of some things before it sets its log up.
    logs.set_up(form, logging.WARNING)
    signals.setup_logging.connect(set_up, weak=False)
    if form == "json":
        signals.celeryd_after_setup.connect(_hide_banner, weak=False)
        celery_worker.safe_say = _say  # type: ignore[attr-defined] # their stub leaves it out


def _hide_banner(instance: Any, **_: Any) -> None:
    instance.quiet = True


def _say(words: str, *_: Any) -> None:
    """Log from a signal handler, where no lock may be waited for."""
    level = {"levelname": "INFO", "levelno": logging.INFO}
    record = logging.makeLogRecord({"name": "celery.worker", "msg": words, **level})
    os.write(2, f"{logs.formatter('json').format(record)}\n".encode())


def __getattr__(name: str) -> KerbsideCelery:
    """Build `app`, which `celery -A worker.celery` asks for, when it is asked for."""
    if name != "app":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    try:
        settings = WorkerSettings.from_env()
    except ValidationError as error:
        # Whoever started it is told in a sentence what to mend.
        raise SystemExit(told(error)) from None
    log_as_set(settings.log_format)
    app = globals()["app"] = create_celery(settings)
    return app
