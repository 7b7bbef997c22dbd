"""The rows of the suite: each a fault, how often, and the site that it hits."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos import (
    archive_row,
    batches_row,
    overload_row,
    redis_rows,
    revaluation_row,
    storm_row,
    webhook_rows,
    workers_rows,
)
from tests.chaos.site import PRODUCT, SLOW_REAL, STAND_IN
from tests.chaos.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: what is done to a site under load."""

    name: str
    #: For the report; `{}` is how often, how many or how long.
    fault: str
    #: In the full suite and in the short one.
    times: tuple[int, int]
    act: Callable[[Stage], None]
    #: The time to recover is that from ... to ...
    recovers: str
    #: Celery application of the workers.
    app: str = STAND_IN
    with_api: bool = False
    through_proxy: bool = False
    doubled: bool = False
    #: Good and bad receivers that its jobs' webhooks go to.
    receivers: tuple[int, int] = (0, 0)
    admits: bool = False
    archives: bool = False
    batches: bool = False
    workers: int = 3
    house_ms: int = 6
    #: Houses a batch, at most.
    batch_max: int = 32
    #: Houses a second that are submitted all the time, directly and through the API.
    per_s: float = 120.0
    http_per_s: float = 40.0

    @property
    def real_model(self) -> bool:
        """Whether a trained model prices."""
        return self.app != STAND_IN


_HIT_JOBS = "from the fault to the end of the last job that it hit"
_REDIS_BACK = "from Redis answering again to the twentieth result after it"
_NEXT_RESULT = "from the end of the fault to the twentieth result after it"

ROWS = (
    Row(
        name="kill-worker",
        fault="kill -9 of a busy worker every 2 s x {}",
        times=(100, 8),
        act=workers_rows.kill_busy_workers,
        recovers=_HIT_JOBS,
    ),
    Row(
        name="kill-redis",
        fault="Redis kill -9 with AOF x {}",
        times=(3, 1),
        act=redis_rows.kill_redis,
        recovers=_REDIS_BACK,
    ),
    Row(
        name="delete-lane",
        fault="queue deleted with messages in it x {}",
        times=(3, 1),
        act=redis_rows.delete_lane,
        recovers=_HIT_JOBS,
    ),
    Row(
        name="double-messages",
        fault="{} messages published twice",
        times=(2000, 400),
        act=redis_rows.doubled_messages,
        recovers="",
        doubled=True,
    ),
    Row(
        name="freeze-redis",
        fault="Redis frozen {} s, HTTP clients beside",
        times=(10, 3),
        act=redis_rows.freeze_redis,
        recovers=_NEXT_RESULT,
        app=SLOW_REAL,
        with_api=True,
    ),
    Row(
        name="stop-worker",
        fault="SIGTERM of a busy worker x {}",
        times=(20, 4),
        act=workers_rows.stop_workers,
        recovers=_HIT_JOBS,
    ),
    Row(
        name="poison",
        fault="{} houses that kill their process",
        times=(3, 1),
        act=workers_rows.poison,
        recovers="from the submit to the dead letter",
    ),
    Row(
        name="strays",
        fault="stray and unreadable messages, {} rounds",
        times=(10, 4),
        act=redis_rows.stray_messages,
        recovers="",
        app=PRODUCT,
    ),
    Row(
        name="reset-connections",
        fault="every TCP connection to Redis reset x {}",
        times=(20, 4),
        act=redis_rows.reset_connections,
        recovers=_NEXT_RESULT,
        through_proxy=True,
    ),
    Row(
        name="storm",
        fault="all of these in any order, close together x {}",
        times=(30, 6),
        act=storm_row.storm,
        recovers=_HIT_JOBS,
    ),
    Row(
        name="kill-upkeep",
        fault="kill -9 of upkeep, beat and a busy worker at once x {}",
        times=(3, 1),
        act=workers_rows.kill_upkeep,
        recovers=_HIT_JOBS,
    ),
    Row(
        name="receiver-down",
        fault="webhook receivers down {} s",
        times=(60, 5),
        act=webhook_rows.receiver_down,
        recovers="",
        receivers=(4, 0),
        per_s=40.0,
    ),
    Row(
        name="kill-deliverer",
        fault="kill -9 of the delivering worker, then of Redis x {}",
        times=(5, 1),
        act=webhook_rows.kill_deliverers,
        recovers=_REDIS_BACK,
        receivers=(4, 0),
        per_s=60.0,
    ),
    Row(
        name="bad-receivers",
        fault="half of the receivers hang, drip, flood, redirect, reset; {} events",
        times=(2000, 300),
        act=webhook_rows.bad_receivers,
        recovers="",
        receivers=(12, 12),
        per_s=60.0,
    ),
    Row(
        name="archive-away",
        fault="archive takes no writes for {} s",
        times=(60, 12),
        act=archive_row.archive_away,
        recovers="",
        archives=True,
    ),
    Row(
        name="kill-batches",
        fault="kill -9 of the batches' worker in mid-chunk x {}",
        times=(20, 2),
        act=batches_row.kill_mid_chunk,
        recovers="",
        app=SLOW_REAL,
        batches=True,
        workers=1,
        per_s=20.0,
    ),
    Row(
        name="batches-full",
        fault="no room for the files of batches for {} s",
        times=(30, 6),
        act=batches_row.no_room,
        recovers="",
        app=SLOW_REAL,
        batches=True,
        workers=1,
        per_s=20.0,
    ),
    Row(
        name="revalue-without-archive",
        fault="archive takes no writes amid a revaluation, and for {} s after",
        times=(30, 6),
        act=revaluation_row.archive_away,
        recovers="",
        app=SLOW_REAL,
        archives=True,
        batches=True,
        workers=1,
        per_s=20.0,
    ),
    Row(
        name="overload",
        fault="ten times what the workers can do, for {} s",
        times=(20, 10),
        act=overload_row.overload,
        recovers="",
        app=SLOW_REAL,
        with_api=True,
        admits=True,
        workers=1,
        house_ms=20,
        batch_max=128,
        per_s=10.0,
        http_per_s=2.0,
    ),
)
