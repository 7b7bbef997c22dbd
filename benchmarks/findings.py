"""The targets of the design, and the measured figures in words."""

import statistics
from collections.abc import Sequence

from benchmarks import comparison, hanging, waiters
from benchmarks.backlog import SCALING_BATCH, SCALING_WORKERS, Depths, Scaling
from benchmarks.bell import EVERY_S, Idleness
from benchmarks.comparison import CLIENTS, Round
from benchmarks.hanging import Hanging
from benchmarks.latency import Latencies
from benchmarks.load import FIRST_POLL_S, LONGEST_PAUSE_S
from benchmarks.pace import p95
from benchmarks.report import Details, Finding
from benchmarks.single import SingleHouse
from benchmarks.slow_model import BATCH_S
from benchmarks.stored import Stored
from benchmarks.trial import Trial
from benchmarks.waiters import NUMBER, POLL_EVERY_S, Waiters

#: Targets, each of which is a line of the design.
LOADED_RATIO = 20.0
SINGLE_SHARE = 1 / 100
LATENCY_SHARE = 1 / 8
DEPTH_RATIO = 1.15
SCALING_RATIO = 3.6
HANGING_RATIO = 1.15
TRIAL_SHARE = 0.03
STORED_RATIO = 3.0

_PARTS = ("api", "worker", "redis", "upkeep", "flower")

#: What the tutorial does for each house; the page must say that it is dear.
_MODEL_OF_TUTORIAL = (
    "three pipelines on a data frame, loaded once a process; each searches neighbours "
    "of its own, as `Pipeline.predict` does, and the sales to show are looked up once "
    "more"
)


_NOTES = (
    f"""{CLIENTS} clients, each with one job at a time: submit, first poll after \
{1000 * FIRST_POLL_S:.0f} ms, each later pause twice the one before, at most \
{1000 * LONGEST_PAUSE_S:.0f} ms.""",
    """CPU is user and system time of every process of the stack, Redis and all \
children included. The load generator's is not, but it takes its share of the same \
cores: the jobs a second are a lower bound.""",
)


def of_single(seen: SingleHouse) -> Finding:
    """Judge one house in the predictor."""
    return Finding(
        "one house in the predictor, against the three pipelines with the same steps",
        "<= 1/100, bit-exact",
        f"1/{1 / seen.ratio:.0f} ({seen.predictor_us:.0f} us against "
        f"{seen.pipelines_us:,.0f} us), "
        f"{'bit-exact' if seen.exact else 'NOT THE SAME'} on {seen.houses} houses",
        seen.exact and seen.ratio <= SINGLE_SHARE,
    )


def of_latency(seen: Latencies) -> Finding:
    """Judge submit to result on idle stacks."""
    return Finding(
        "submit to result, idle, p50: `Prefer: wait` against the tutorial polled "
        "every 10 ms",
        "<= 1/8",
        f"1/{1 / seen.ratio:.1f} ({seen.kerbside_ms:.1f} ms against "
        f"{seen.tutorial_ms:.1f} ms)",
        seen.ratio <= LATENCY_SHARE,
    )


def of_load(tutorial: Sequence[Round], kerbside: Sequence[Round]) -> Finding:
    """Judge the loaded comparison."""
    ratio = comparison.ratio(tutorial, kerbside)
    return Finding(
        "single houses per CPU-second against the Flask + Celery tutorial, loaded, "
        "polling",
        ">= 20 x",
        f"{ratio:.1f} x ({_ms(tutorial)} against {_ms(kerbside)} CPU a job)",
        ratio >= LOADED_RATIO,
    )


def of_one_poll(
    tutorial: Sequence[Round], kerbside: Sequence[Round], polls_ms: tuple[float, float]
) -> Finding:
    """Tell what the ratio were if every client had polled just once."""
    slow = _with_one_poll(tutorial, polls_ms[0])
    fast = _with_one_poll(kerbside, polls_ms[1])
    return Finding(
        "the same, reckoned with exactly one poll a job on both sides",
        "",
        f"{slow / fast:.1f} x ({slow:.2f} ms against {fast:.2f} ms; a poll costs "
        f"{polls_ms[0]:.2f} ms and {polls_ms[1]:.2f} ms)",
    )


def of_flower(tutorial: Sequence[Round], kerbside: Sequence[Round]) -> Finding:
    """Tell what the ratio is while Flower watches both stacks."""
    return Finding(
        "the same with Flower on in both, its own CPU included",
        "",
        f"{comparison.ratio(tutorial, kerbside):.1f} x "
        f"({_ms(tutorial)} against {_ms(kerbside)})",
    )


def of_depths(seen: Depths) -> Finding:
    """Judge the cost at depth."""
    return Finding(
        f"cost per job at {seen.deep:,} waiting against {seen.shallow:,}",
        "<= 1.15 x",
        f"{seen.ratio:.2f} x ({seen.deep_us:.0f} us against {seen.shallow_us:.0f} us "
        "CPU of worker and Redis)",
        seen.ratio <= DEPTH_RATIO,
    )


def of_trial(seen: Trial) -> Finding:
    """Judge what a challenger takes of a worker."""
    return Finding(
        f"a challenger that prices every {seen.every}th house too, against the jobs",
        "<= 3 % of the worker's CPU",
        f"{100 * seen.share:.1f} % ({seen.house_us:.0f} us for each of {seen.houses:,} "
        f"houses against {seen.job_us:.0f} us for each of {seen.jobs:,} jobs)",
        seen.share <= TRIAL_SHARE,
    )


def of_stored(seen: Stored) -> Finding:
    """Judge reads of prices that were made ahead of time."""
    ratio = seen.median(lambda one: one.ratio)
    read_us = seen.median(lambda one: one.read_us)
    priced_us = seen.median(lambda one: one.priced_us)
    return Finding(
        "a stored price read, against the house priced anew with `Prefer: wait`, CPU "
        "of all programs, archive on",
        ">= 3 x cheaper",
        f"{ratio:.1f} x ({read_us / 1000:.2f} ms against {priced_us / 1000:.2f} ms)",
        ratio >= STORED_RATIO,
    )


def of_scaling(seen: Scaling) -> Finding:
    """Judge workers side by side."""
    first, last = SCALING_WORKERS
    return Finding(
        f"{first} -> {last} workers with a model that waits {1000 * BATCH_S:.0f} ms a "
        f"batch (batches of {SCALING_BATCH}, so that the wait is the limit)",
        ">= 3.6 x",
        f"{seen.ratio:.2f} x ({seen.one:,.0f} to {seen.several:,.0f} jobs a second)",
        seen.ratio >= SCALING_RATIO,
    )


def of_waiters(seen: Waiters) -> tuple[Finding, Details]:
    """Tell what requests that wait cost the others."""
    held = min(one.held for one in seen.rounds)
    finding = Finding(
        f"a poll while {NUMBER} requests ask to wait, p50, against none",
        "",
        f"{seen.ratio:.2f} x (at least {held} held, the others answered at once)",
    )
    cpu = statistics.median(one.cpu_percent for one in seen.rounds)
    release = max(one.release_s for one in seen.rounds)
    details = Details(
        f"Polls without waiters and beside {NUMBER}",
        ("", "polls", "p50", "p99", "slowest"),
        [
            _polls("alone", seen.alone_ms()),
            _polls(f"beside {NUMBER}", seen.beside_ms()),
        ],
        notes=(
            f"""One client polls one open job every {1000 * POLL_EVERY_S:.0f} ms, in \
turn without and with the waiters.""",
            f"""While they wait and nobody polls, the API takes {cpu:.1f} % of a core; \
all that were held had their answer {release:.2f} s after the last of their jobs had \
ended, at most.""",
        ),
    )
    return finding, details


def of_hanging(seen: Hanging) -> Finding:
    """Judge what receivers that hang cost those who wait for a price."""
    without, with_them = (
        statistics.median(p95(one) for one in sides)
        for sides in (
            [one.without_ms for one in seen.rounds],
            [one.hanging_ms for one in seen.rounds],
        )
    )
    return Finding(
        f"submit to price, p95, with webhooks to {hanging.NUMBER} receivers that hang, "
        "against none",
        "<= 1.15 x",
        f"{seen.ratio:.2f} x ({with_them:.1f} ms against {without:.1f} ms)",
        seen.ratio <= HANGING_RATIO,
    )


def _polls(name: str, taken_ms: Sequence[float]) -> tuple[str, ...]:
    figures = (statistics.median(taken_ms), waiters.p99(taken_ms), max(taken_ms))
    return (name, str(len(taken_ms)), *(f"{figure:.1f} ms" for figure in figures))


def of_idleness(seen: Sequence[Idleness]) -> Details:
    """Tell what idle workers cost."""
    return Details(
        f"Idle workers, a job every {1000 * EVERY_S:.0f} ms",
        ("idle workers", "scripts a job", "Redis CPU a job", "Redis CPU while idle"),
        [
            (
                str(one.workers),
                f"{one.scripts_per_job:.1f}",
                f"{one.redis_us_per_job:.0f} us",
                f"{one.redis_idle_percent:.2f} %",
            )
            for one in seen
        ],
        notes=("The workers are threads of the benchmark; Redis is a program.",),
    )


def parts_of_load(title: str, sides: Sequence[tuple[str, Sequence[Round]]]) -> Details:
    """Return where the CPU time of a loaded run went, medians of its rounds."""
    present = [part for part in _PARTS if any(_has(side[1], part) for side in sides)]
    return Details(
        title,
        ("CPU ms a job", *present, "all", "polls a job", "batch", "jobs/s", "p50 ms"),
        [(name, *_row(rounds, present)) for name, rounds in sides],
        notes=_NOTES,
    )


def _row(rounds: Sequence[Round], parts: Sequence[str]) -> list[str]:
    def of(part: str) -> str:
        if not _has(rounds, part):
            return "-"
        return f"{comparison.median(rounds, lambda r: r.cpu_ms[part]):.3f}"

    batch = "-"
    if rounds[0].batch is not None:
        batch = f"{comparison.median(rounds, lambda r: r.batch or 0):.1f}"
    return [
        *map(of, parts),
        f"{comparison.median(rounds, lambda r: r.total_ms):.3f}",
        f"{comparison.median(rounds, lambda r: r.polls_per_job):.2f}",
        batch,
        f"{comparison.median(rounds, lambda r: r.jobs_per_s):.0f}",
        f"{comparison.median(rounds, lambda r: r.p50_ms):.1f}",
    ]


def _with_one_poll(rounds: Sequence[Round], poll_ms: float) -> float:
    return comparison.median(
        rounds, lambda r: r.total_ms - (r.polls_per_job - 1) * poll_ms
    )


def _has(rounds: Sequence[Round], part: str) -> bool:
    return part in rounds[0].cpu_ms


def _ms(rounds: Sequence[Round]) -> str:
    return f"{comparison.median(rounds, lambda r: r.total_ms):.2f} ms"


#: What both stacks ran with, as far as it bears on the figures.
SETTINGS = Details(
    "The two stacks",
    ("", "tutorial", "Kerbside"),
    [
        ("HTTP", "Flask on gunicorn, 2 sync workers", "granian, 2 processes"),
        ("keep-alive", "not in gunicorn's sync workers", "yes"),
        (
            "worker",
            "Celery prefork, 2 processes, `delay()`",
            "2 processes, batches of at most 128",
        ),
        (
            "result",
            "Redis result backend, `AsyncResult`",
            "ledger record, all public fields with the input",
        ),
        (
            "model",
            _MODEL_OF_TUTORIAL,
            "the same three, called directly",
        ),
        ("output", "all fields, no reasons", "the same"),
        ("API keys, scopes", "none", "on"),
        ("validation", "none", "strict, against the model's schema"),
        ("Idempotency-Key", "none", "on every submit"),
        ("upkeep, beat", "none", "on, counted"),
        ("task events", "off", "on"),
        ("at-least-once", "no: acknowledged early, Celery's default", "yes: leases"),
        ("Redis", "Valkey of its own, AOF everysec", "the same binary and settings"),
        ("OMP_NUM_THREADS", "1", "1"),
    ],
    notes=(
        """Both stand idle while the other is measured; rounds alternate and the ratio \
is the median over the rounds.""",
        """maxmemory is 2 GB in both, more than the 512 MB that ships, for the run \
with 100,000 waiting jobs.""",
    ),
)
