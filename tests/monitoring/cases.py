"""For each alert series on which it fires, and the nearest on which it is silent.

Series are as promtool writes them, one value a minute: `a+bxn` is a, a+b and so on.
"""

from dataclasses import dataclass

Series = dict[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """What is seen of an installation in which something is wrong, and of a sound one.

    Attributes:
        bad: Series on which the alert fires.
        good: The same without the fault.
        minute: When the alerts are looked at.
    """

    bad: Series
    good: Series
    minute: int = 10


def _of(lane: str, **labels: str) -> str:
    told = {"lane": lane, **labels}
    return "{" + ",".join(f'{name}="{value}"' for name, value in told.items()) + "}"


PRICES, HOOKS = _of("predictions"), _of("webhooks")
WAITING, WORKERS = "kerbside_jobs_waiting", "kerbside_workers"
ERRANDS = "kerbside_errands_total"
ENDED, DONE = "kerbside_jobs_ended_total", _of("batches", state="succeeded")
PAUSED, OLDEST = "kerbside_lane_paused", "kerbside_jobs_oldest_age_seconds"
USED, MOST = "kerbside_redis_memory_used_bytes", "kerbside_redis_memory_max_bytes"
TENDED = "kerbside_jobs_tended_total"
PRICED = 'kerbside_predictions_total{version="v",state="succeeded"}'
FAILED = 'kerbside_predictions_total{version="v",state="failed"}'
UNLIKE = 'kerbside_predictions_out_of_distribution_total{version="v"}'
SHADOWS = "kerbside_shadows_total"
WIDTH = "kerbside_price_interval_width_ratio"
SENT = 'kerbside_webhook_attempts_total{outcome="delivered",answer="2xx"}'
AGAIN = 'kerbside_webhook_attempts_total{outcome="again",answer="5xx"}'
UNSIGNED = 'kerbside_webhook_attempts_total{outcome="again",answer="not_signed"}'
CHAMPION = 'kerbside_model_info{version="v",alias="champion"}'
DEGRADED = 'kerbside_model_degraded{version="v",measure="bias"}'
REALISED = 'kerbside_realised_{}_ratio{{version="v"}}'
EXPECTED = 'kerbside_expected_mdape_ratio{version="v"}'
#: Minutes of a week, and some more.
WEEK = 7 * 24 * 60 + 10
ONE_API = 'up{job="kerbside-api",instance="a"}'
OTHER_API = 'up{job="kerbside-api",instance="b"}'

CASES = {
    "KerbsideApiDown": Case(
        {ONE_API: "0+0x10", OTHER_API: "0+0x10"},
        {ONE_API: "0+0x10", OTHER_API: "1+0x10"},
    ),
    "KerbsideTargetDown": Case(
        {ONE_API: "1+0x10", 'up{job="kerbside-workers",instance="c"}': "0+0x10"},
        {ONE_API: "1+0x10", 'up{job="another",instance="c"}': "0+0x10"},
    ),
    "KerbsideNoWorker": Case(
        {WAITING + PRICES: "5+0x10", WORKERS + PRICES: "0+0x10"},
        {
            WAITING + PRICES: "5+0x10",
            WORKERS + PRICES: "1+0x10",
            WAITING + HOOKS: "5+0x10",
            WORKERS + HOOKS: "0+0x10",
            PAUSED + HOOKS: "1+0x10",
        },
    ),
    "KerbsideChampionNotLoaded": Case(
        {
            'kerbside_champion_loaded{instance="a"}': "1+0x10",
            'kerbside_champion_loaded{instance="b"}': "0+0x10",
        },
        # Loading takes its time.
        {'kerbside_champion_loaded{instance="a"}': "0+0x4 1+0x10"},
    ),
    "KerbsideUpkeepMissing": Case(
        {"kerbside_upkeep_present": "0+0x10"}, {"kerbside_upkeep_present": "1+0x10"}
    ),
    "KerbsideWorkersDie": Case(
        {TENDED + _of("predictions", action="retried"): "0+2x40"},
        # One worker was lost, once.
        {TENDED + _of("predictions", action="retried"): "0+0x10 128+0x30"},
        minute=40,
    ),
    "KerbsideTurnsFail": Case(
        {"kerbside_turn_failures_total" + PRICES: "0+0x5 1+0x5"},
        {"kerbside_turn_failures_total" + PRICES: "1+0x10"},
    ),
    "KerbsideErrandFails": Case(
        {ERRANDS + '{errand="retrain",outcome="failed"}': "0+0x5 1+0x5"},
        {
            ERRANDS + '{errand="retrain",outcome="failed"}': "1+0x10",
            ERRANDS + '{errand="retrain",outcome="kept"}': "0+0x5 1+0x5",
        },
    ),
    "KerbsideRedisUnreachable": Case(
        {"kerbside_redis_errors_total" + PRICES: "0+120x10"},
        {"kerbside_redis_errors_total" + PRICES: "0+0x4 1+0x6"},
    ),
    "KerbsideRedisMemoryHigh": Case(
        {USED: "75+0x30", MOST: "100+0x30"},
        # Without a bound there is no share of it.
        {USED: "65+0x30", MOST: "100+0x30", USED + '{namespace="n"}': "75+0x30"}
        | {MOST + '{namespace="n"}': "0+0x30"},
        minute=30,
    ),
    "KerbsideAdmissionClosed": Case(
        {'kerbside_admission_closed{reason="memory"}': "1+0x10"},
        {"kerbside_upkeep_present": "1+0x10"},
    ),
    "KerbsideArchiveBehind": Case(
        {"kerbside_archive_oldest_age_seconds": "0+60x20"},
        # A short outage, which is made up for.
        {"kerbside_archive_oldest_age_seconds": "0+60x8 0+0x12"},
        minute=20,
    ),
    "KerbsideJobsWaitTooLong": Case(
        {OLDEST + PRICES: "31+0x10", PAUSED + PRICES: "0+0x10"},
        {OLDEST + PRICES: "31+0x10", PAUSED + PRICES: "1+0x10"},
    ),
    "KerbsideQueueGrows": Case(
        {WAITING + PRICES: "2000+10x40"}, {WAITING + PRICES: "20000-100x40"}, minute=40
    ),
    "KerbsideJobsRefused": Case(
        {
            "kerbside_admission_refusals_total"
            + _of("predictions", reason="slow"): "0+5x20"
        },
        # That is the client's own affair.
        {
            "kerbside_admission_refusals_total"
            + _of("predictions", reason="rate"): "0+5x20"
        },
        minute=20,
    ),
    "KerbsidePredictionsFail": Case(
        {PRICED: "0+97x20", FAILED: "0+3x20"},
        {PRICED: "0+1000x20", FAILED: "0+3x20"},
        minute=20,
    ),
    "KerbsideDeadLetters": Case(
        {"kerbside_jobs_dead" + PRICES: "1+0x10"},
        {"kerbside_jobs_dead" + PRICES: "0+0x10"},
    ),
    "KerbsideStrayMessages": Case(
        {"kerbside_strays_total" + PRICES: "0+0x5 2+0x5"},
        {"kerbside_strays_total" + PRICES: "2+0x10"},
    ),
    "KerbsideLanePaused": Case(
        {PAUSED + PRICES: "1+0x40"}, {PAUSED + PRICES: "0+0x20 1+0x20"}, minute=40
    ),
    "KerbsideModelRefused": Case(
        {'kerbside_model_refusals_total{version="v"}': "1+1x10"},
        # One refusal is told for two minutes, then no more.
        {'kerbside_model_refusals_total{version="v"}': "1+0x2 stale _x10"},
    ),
    "KerbsideShadowFails": Case(
        {
            SHADOWS + '{outcome="failed"}': "0+2x30",
            SHADOWS + '{outcome="priced"}': "0+1x30",
        },
        {
            SHADOWS + '{outcome="failed"}': "0+2x30",
            SHADOWS + '{outcome="priced"}': "0+9x30",
        },
        minute=30,
    ),
    "KerbsideModelOld": Case(
        {"kerbside_model_age_seconds": "7800000+60x90"},
        {"kerbside_model_age_seconds": "7700000+60x90"},
        minute=90,
    ),
    "KerbsideHousesUnlikeSales": Case(
        {PRICED: "0+10x120", UNLIKE: "0+3x120"},
        # Of so few one knows nothing, and of many one in ten is usual.
        {
            PRICED: "0+1x120",
            UNLIKE: "0+1x120",
            PRICED.replace('"v"', '"w"'): "0+10x120",
            UNLIKE.replace('"v"', '"w"'): "0+1x120",
        },
        minute=120,
    ),
    "KerbsideHousesChanged": Case(
        {'kerbside_feature_drift{version="v",feature="area"}': "1+0x10"},
        # One look that found something, and none since.
        {
            'kerbside_feature_drift{version="v",feature="area"}': "1+0x2 0+0x8",
            'kerbside_feature_drift{version="v",feature="lat"}': "0+0x10",
        },
    ),
    "KerbsideRangesWide": Case(
        {
            WIDTH + '_sum{version="v"}': "0+7x120",
            WIDTH + '_count{version="v"}': "0+10x120",
        },
        {
            WIDTH + '_sum{version="v"}': "0+4x120",
            WIDTH + '_count{version="v"}': "0+10x120",
        },
        minute=120,
    ),
    "KerbsideModelDegraded": Case(
        {CHAMPION: "1+0x10", DEGRADED: "1+0x10"},
        # One that is not champion prices nothing.
        {CHAMPION: "1+0x10", DEGRADED.replace('"v"', '"w"'): "1+0x10"},
    ),
    "KerbsideRealisedBias": Case(
        {CHAMPION: f"1+0x{WEEK}", REALISED.format("bias"): f"-0.031+0x{WEEK}"},
        {CHAMPION: f"1+0x{WEEK}", REALISED.format("bias"): f"-0.029+0x{WEEK}"},
        minute=WEEK,
    ),
    "KerbsideRealisedError": Case(
        {
            CHAMPION: f"1+0x{WEEK}",
            REALISED.format("mdape"): f"0.096+0x{WEEK}",
            EXPECTED: f"0.075+0x{WEEK}",
        },
        {
            CHAMPION: f"1+0x{WEEK}",
            REALISED.format("mdape"): f"0.092+0x{WEEK}",
            EXPECTED: f"0.075+0x{WEEK}",
        },
        minute=WEEK,
    ),
    "KerbsideRealisedCoverage": Case(
        {CHAMPION: f"1+0x{WEEK}", REALISED.format("coverage"): f"0.84+0x{WEEK}"},
        {CHAMPION: f"1+0x{WEEK}", REALISED.format("coverage"): f"0.86+0x{WEEK}"},
        minute=WEEK,
    ),
    "KerbsideAccuracyNotMeasured": Case(
        {"kerbside_accuracy_report_age_seconds": "172801+0x70"},
        {"kerbside_accuracy_report_age_seconds": "172799+0x70"},
        minute=70,
    ),
    "KerbsideBatchesStandStill": Case(
        {"kerbside_batches_open": "2+0x60", ENDED + DONE: "7+0x60"},
        # A chunk ends now and then; another installation has paused its lane.
        {
            "kerbside_batches_open": "2+0x60",
            ENDED + DONE: "0+0x10 1+0x10 2+0x10 3+0x10 4+0x20",
            'kerbside_batches_open{namespace="n"}': "1+0x60",
            PAUSED + _of("batches", namespace="n"): "1+0x60",
        },
        minute=50,
    ),
    "KerbsideBatchFilesOutOfReach": Case(
        {"kerbside_batch_requests_out_of_reach_total": "0+0x3 1+1x7"},
        # Once, long ago.
        {"kerbside_batch_chunks_out_of_reach_total": "3+0x10"},
    ),
    "KerbsideBatchChunksFail": Case(
        {ENDED + _of("batches", state="failed", detail="dead"): "0+0x5 1+0x5"},
        # That is the client's own affair.
        {ENDED + _of("batches", state="canceled", detail="by_client"): "0+0x5 1+0x5"},
    ),
    "KerbsideBatchesNotStored": Case(
        {"kerbside_batches_unstored": "1+0x60", "kerbside_batches_open": "0+0x60"},
        # One is priced still; another installation writes now and then.
        {
            "kerbside_batches_unstored": "1+0x60",
            "kerbside_batches_open": "1+0x60",
            'kerbside_batches_unstored{namespace="n"}': "1+0x60",
            'kerbside_archived_total{namespace="n",what="valuation"}': "0+100x60",
        },
        minute=50,
    ),
    "KerbsideBatchChunksLost": Case(
        {"kerbside_batch_chunks_lost_total": "0+0x5 2+0x5"},
        {"kerbside_batch_chunks_lost_total": "2+0x10"},
    ),
    "KerbsideWebhooksLate": Case(
        {OLDEST + HOOKS: "61+0x10"}, {OLDEST + HOOKS: "59+0x10"}
    ),
    "KerbsideWebhooksFail": Case(
        {SENT: "0+4x60", AGAIN: "0+6x60"}, {SENT: "0+6x60", AGAIN: "0+4x60"}, minute=60
    ),
    "KerbsideWebhooksNotSigned": Case(
        {UNSIGNED: "1+1x10"}, {SENT: "1+1x10", AGAIN: "1+1x10"}
    ),
    "KerbsideReceiversPaused": Case(
        # Between two pauses there is an attempt, which may take a quarter of a minute.
        {"kerbside_webhook_receivers_paused": " ".join(["2+0x3 0+0x0"] * 20)},
        {"kerbside_webhook_receivers_paused": "2+0x50 0+0x40"},
        minute=90,
    ),
}
