"""What one worker process did, for Prometheus: how long, how many, how dear.

What Redis knows exactly is not counted here: a restart would lose it, and each process
would tell a part. The API tells that, from Redis, at the scrape.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge

from worker.distributions import Distribution
from worker.leases import Completion, Lease, Tick

#: Upper bounds in seconds: from an idle lane to a webhook's last attempt.
_SECONDS = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    *(10, 30, 60, 300, 900, 3600, 14_400, 86_400, 345_600),
)
_JOBS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
#: Of prices in whatever currency: eight buckets for each power of ten.
_PRICES = tuple(
    float(round(step * 10**power))
    for power in range(4, 8)
    for step in (1, 1.5, 2, 2.5, 3, 4, 5, 7)
)
_WIDTHS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 1, 1.5, 2)

#: What is looked at of a price; a model that stands in for a trained one tells less.
_LOOKED_AT = {"price", "currency", "interval", "flags"}

#: A job whose result came after it had ended, by a cancel or another result.
_DROPPED = "dropped"


class Metrics:
    """The figures of this process; any number of threads may share them.

    Args:
        registry: What is served.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._time_jobs()
        self._look_at_prices()
        self._count_predictions()
        self._count_rows()
        self._count_trouble()

    def begin(self, lane: str) -> None:
        """Tell of a lane's troubles before there are any: a first one shows as one."""
        for family in (self._given_back, self._redis_errors, self._turn_failures):
            family.labels(lane)

    def watch_champion(self, is_loaded: Callable[[], bool]) -> None:
        """Tell at each scrape whether the champion is loaded."""
        Gauge(
            "kerbside_champion_loaded",
            "1 where this process has loaded the champion, or what stands in for it; "
            "else 0, and it prices nothing.",
            registry=self.registry,
        ).set_function(is_loaded)

    def claimed(self, lane: str, leases: Sequence[Lease]) -> None:
        """Note how long jobs had waited that were just claimed."""
        self._wait.observe((lane,), [lease.waited_ms / 1000 for lease in leases])

    def priced(
        self,
        lane: str,
        completions: Sequence[Completion],
        written: Sequence[bool],
        runs_s: Sequence[float],
    ) -> None:
        """Note the outcomes of a batch of one model version.

        Args:
            lane: Its lane.
            completions: The outcomes.
            written: Of each whether it became its job's result.
            runs_s: Of each the seconds since its job was claimed.
        """
        self._batch.observe((lane,), [len(completions)])
        self._run.observe((lane,), runs_s)
        version = completions[0].lease.version
        kept = [
            (done, run_s)
            for done, is_written, run_s in zip(
                completions, written, runs_s, strict=True
            )
            if is_written
        ]
        self._total.observe(
            (lane,), [done.lease.age_ms / 1000 + run_s for done, run_s in kept]
        )
        failed = sum(bool(done.error) for done, _ in kept)
        for state, count in (
            ("succeeded", len(kept) - failed),
            ("failed", failed),
            (_DROPPED, len(completions) - len(kept)),
        ):
            if count:
                self._predictions.labels(version, state).inc(count)
        self._look_at(version, [done.prediction for done, _ in kept if done.prediction])

    def chunk_ended(
        self, lane: str, done: Completion, *, is_written: bool, run_s: float
    ) -> None:
        """Note the outcome of a chunk of a batch.

        Args:
            lane: Its lane.
            done: The outcome.
            is_written: Whether it became the chunk's result.
            run_s: Seconds since it was claimed.
        """
        self._run.observe((lane,), [run_s])
        if not is_written:
            return
        self._total.observe((lane,), [done.lease.age_ms / 1000 + run_s])
        if done.output:
            _, priced, refused = map(int, done.output.split())
            self._rows.labels("priced").inc(priced)
            self._rows.labels("refused").inc(refused)

    def chunk_out_of_reach(self) -> None:
        """Note a chunk that was given back for want of its files or its model."""
        self._out_of_reach.inc()

    def attempted(
        self, lane: str, lease: Lease, *, outcome: str, answer: str, run_s: float
    ) -> None:
        """Note an attempt to deliver a webhook.

        Args:
            lane: Its lane.
            lease: The delivery.
            outcome: As in `Verdict`.
            answer: As in `Attempt`.
            run_s: Seconds since it was begun.
        """
        self._run.observe((lane,), [run_s])
        self._attempts.labels(outcome, answer).inc()
        if outcome == "delivered":
            self._total.observe((lane,), [lease.age_ms / 1000 + run_s])

    def shadowed(self, outcome: str, houses: int, *, cpu_s: float = 0.0) -> None:
        """Note what became of houses that the challenger was to price too.

        Args:
            outcome: `priced`, `dropped` since it was behind, or `failed`.
            houses: How many.
            cpu_s: Seconds of CPU that it took.
        """
        self._shadows.labels(outcome).inc(houses)
        self._shadow_cpu.inc(cpu_s)

    def given_back(self, lane: str, jobs: int) -> None:
        """Note jobs that were given back unfinished."""
        self._given_back.labels(lane).inc(jobs)

    def redis_failed(self, lane: str) -> None:
        """Note that Redis could not be asked."""
        self._redis_errors.labels(lane).inc()

    def turn_failed(self, lane: str) -> None:
        """Note a bug that was survived."""
        self._turn_failures.labels(lane).inc()

    def tended(self, lane: str, tick: Tick) -> None:
        """Note what upkeep did to a lane."""
        for action, jobs in tick.counts():
            self._tended.labels(lane, action).inc(jobs)

    def watch_errand(self, name: str, outcome: str) -> None:
        """Tell of an end of an errand that there was none yet."""
        self._errands.labels(name, outcome)

    def errand_ended(self, name: str, outcome: str, took_s: float) -> None:
        """Note what became of an errand."""
        self._errands.labels(name, outcome).inc()
        self._errand.observe((name,), [took_s])

    def archived(self, what: str, count: int) -> None:
        """Note what was written to the archive, or erased there."""
        if count:
            self._archived.labels(what).inc(count)

    def archive_failed(self) -> None:
        """Note that the archive, or its feed, could not be used."""
        self._archive_failures.inc()

    def _look_at(self, version: str, told: Sequence[Mapping[str, Any]]) -> None:
        prices = [one for one in told if one.keys() >= _LOOKED_AT]
        of_currency: dict[str, list[float]] = {}
        widths = []
        for one in prices:
            price, interval = one["price"], one["interval"]
            of_currency.setdefault(one["currency"], []).append(price)
            widths.append((interval["high"] - interval["low"]) / price)
        for currency, found in of_currency.items():
            self._price.observe((version, currency), found)
        self._width.observe((version,), widths)
        flagged = [one["flags"] for one in prices if one["flags"]]
        self._unlike.labels(version).inc(len(flagged))
        for flags in flagged:
            for flag in flags:
                self._flags.labels(flag["code"], flag["feature"] or "").inc()

    def _time_jobs(self) -> None:
        self._wait = self._distribution(
            "kerbside_job_wait_seconds",
            "Seconds that a job lay in its lane before a worker claimed it; of one "
            "that came back from a worker, with the time that it was there.",
            ("lane",),
            _SECONDS,
        )
        self._run = self._distribution(
            "kerbside_job_run_seconds",
            "Seconds from a job's claim, of a delivery from an attempt's begin, until "
            "the outcome is written.",
            ("lane",),
            _SECONDS,
        )
        self._total = self._distribution(
            "kerbside_job_total_seconds",
            "Seconds from submit or retry to the written result; of a delivery the age "
            "of its event when a receiver took it.",
            ("lane",),
            _SECONDS,
        )
        self._batch = self._distribution(
            "kerbside_batch_jobs",
            "Jobs that were priced in one call.",
            ("lane",),
            _JOBS,
        )

    def _look_at_prices(self) -> None:
        self._price = self._distribution(
            "kerbside_price",
            "Prices, in the currency that the label names.",
            ("version", "currency"),
            _PRICES,
        )
        self._width = self._distribution(
            "kerbside_price_interval_width_ratio",
            "Width of a price's range as a share of the price.",
            ("version",),
            _WIDTHS,
        )
        self._unlike = self._counter(
            "kerbside_predictions_out_of_distribution",
            "Priced houses that are unlike the sales in at least one respect.",
            "version",
        )
        self._flags = self._counter(
            "kerbside_prediction_flags",
            "Respects in which priced houses are unlike the sales; no feature where it "
            "is all of them together.",
            "code",
            "feature",
        )

    def _count_predictions(self) -> None:
        self._predictions = self._counter(
            "kerbside_predictions",
            "Outcomes of pricing: succeeded, failed, or dropped where the job had "
            "ended meanwhile.",
            "version",
            "state",
        )
        self._attempts = self._counter(
            "kerbside_webhook_attempts",
            "Attempts to deliver: what followed (delivered, again, failed), and the "
            "receiver's answer: a class of statuses such as 5xx, or why there was "
            "none.",
            "outcome",
            "answer",
        )

        self._shadows = self._counter(
            "kerbside_shadows",
            "Houses of the champion's that the challenger was to price too, behind its "
            "back: priced, dropped since it was behind, or failed.",
            "outcome",
        )
        for outcome in ("priced", "dropped", "failed"):
            self._shadows.labels(outcome)
        self._shadow_cpu = self._counter(
            "kerbside_shadow_cpu_seconds",
            "Seconds of CPU that this took.",
        )

    def _count_rows(self) -> None:
        self._rows = self._counter(
            "kerbside_batch_rows",
            "Rows of batches whose outcome was written: priced, or refused with an "
            "error of their own.",
            "outcome",
        )
        for outcome in ("priced", "refused"):
            self._rows.labels(outcome)
        self._out_of_reach = self._counter(
            "kerbside_batch_chunks_out_of_reach",
            "Chunks that were given back since their files or their model could not "
            "be read or written; of one that waits for them, one in 5 seconds.",
        )

    def _count_trouble(self) -> None:
        self._given_back = self._counter(
            "kerbside_jobs_given_back",
            "Claimed jobs that were given back unfinished, as at a stop.",
            "lane",
        )
        self._redis_errors = self._counter(
            "kerbside_redis_errors",
            "Times that a worker could not ask Redis; while it is away, two a second.",
            "lane",
        )
        self._turn_failures = self._counter(
            "kerbside_turn_failures",
            "Bugs that a worker's own thread survived; the log tells their place.",
            "lane",
        )
        self._errands = self._counter(
            "kerbside_errands",
            "Commands of the model store that upkeep ran, by what became of them: done "
            "or what the command says, failed, late (over its time), stopped with its "
            "worker, superseded by another worker's.",
            "errand",
            "outcome",
        )
        self._errand = self._distribution(
            "kerbside_errand_seconds",
            "Seconds that such a command took.",
            ("errand",),
            _SECONDS,
        )
        self._archived = self._counter(
            "kerbside_archived",
            "What this worker wrote to the archive: ended predictions, erasures, "
            "late ends of webhooks, actions of operators, valuations of properties. "
            "What is taken up twice counts twice.",
            "what",
        )
        self._archive_failures = self._counter(
            "kerbside_archive_failures",
            "Times that the archive refused or could not be reached, or its feed "
            "could not be read.",
        )
        self._tended = self._counter(
            "kerbside_jobs_tended",
            "What upkeep did to jobs: lease forgiven after an outage, retried or dead "
            "after the worker was lost, message resent, ended as too late.",
            "lane",
            "action",
        )

    def _distribution(
        self, name: str, about: str, labels: Sequence[str], bounds: Sequence[float]
    ) -> Distribution:
        made = Distribution(name, about, labels, bounds)
        self.registry.register(made)
        return made

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self.registry)
