"""How much of each measurement a run does."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes of the measurements."""

    #: Of the loaded comparison: rounds, and jobs of each stack in a round.
    rounds: int
    tutorial_jobs: int
    kerbside_jobs: int
    #: Rounds with Flower on; 0 leaves Flower out.
    flower_rounds: int
    #: Houses that the pipelines price one by one.
    single_houses: int
    #: Turns of ten jobs on each idle stack.
    latency_turns: int
    #: Waiting jobs of the short and of the long queue, and rounds of both.
    levels: tuple[int, int]
    depth_rounds: int
    #: Rounds of one worker and of several, and seconds of each.
    scaling_rounds: int
    scaling_s: float
    #: Rounds of polls without and with waiters, and seconds of each.
    waiter_rounds: int
    waiter_s: float
    #: Rounds of prices without webhooks and with receivers that hang, and seconds each.
    hanging_rounds: int
    hanging_s: float
    #: Jobs of a worker beside a challenger, and houses of the challenger's.
    trial_jobs: int
    trial_houses: int
    #: Rows of a batch, and batches in each form of a body.
    batch_rows: int
    batch_rounds: int
    #: Rows of a batch beside which houses are priced one by one, rounds without it and
    #: beside it, and seconds of each.
    beside_rows: int
    beside_rounds: int
    beside_s: float
    #: Reads of stored prices, and prices made anew, of a round; and rounds.
    stored_reads: int
    stored_jobs: int
    stored_rounds: int
    #: Jobs submitted to idle workers; 0 leaves them out.
    bell_jobs: int


FULL = Plan(
    rounds=5,
    tutorial_jobs=400,
    kerbside_jobs=5_000,
    flower_rounds=2,
    single_houses=200,
    latency_turns=10,
    levels=(10_000, 100_000),
    depth_rounds=5,
    scaling_rounds=3,
    scaling_s=4.0,
    waiter_rounds=5,
    waiter_s=4.0,
    hanging_rounds=5,
    hanging_s=5.0,
    trial_jobs=8_000,
    trial_houses=1_600,
    batch_rows=100_000,
    batch_rounds=5,
    beside_rows=100_000,
    beside_rounds=5,
    beside_s=4.0,
    stored_reads=4_000,
    stored_jobs=2_000,
    stored_rounds=5,
    bell_jobs=500,
)

#: For a look in under two minutes: the figures are rough.
SHORT = Plan(
    rounds=2,
    tutorial_jobs=100,
    kerbside_jobs=1_500,
    flower_rounds=0,
    single_houses=30,
    latency_turns=2,
    levels=(1_500, 15_000),
    depth_rounds=2,
    scaling_rounds=1,
    scaling_s=2.0,
    waiter_rounds=1,
    waiter_s=2.0,
    hanging_rounds=1,
    hanging_s=3.0,
    trial_jobs=1_500,
    trial_houses=320,
    batch_rows=6_000,
    batch_rounds=1,
    beside_rows=40_000,
    beside_rounds=1,
    beside_s=1.5,
    stored_reads=1_000,
    stored_jobs=500,
    stored_rounds=2,
    bell_jobs=0,
)
