"""A lane sleeps and wakes as KEDA has it."""

from benchmarks.autoscaling.hpa import Behaviour
from benchmarks.autoscaling.keda import POLL_S, Bounds, Keda

AT_ONCE = Behaviour(window_s=0, pods=10, period_s=15)


def _keda(*, minimum: int, down: Behaviour = AT_ONCE) -> Keda:
    bounds = Bounds(minimum=minimum, maximum=10, up=AT_ONCE, down=down, cooldown_s=60)
    return Keda(bounds)


def test_a_sleeping_lane_wakes_at_the_next_poll_with_one_worker() -> None:
    """The autoscaler takes over from there, at its own pace."""
    keda = _keda(minimum=0)

    assert keda.decide(0, 0, 0.0) == 0
    assert keda.decide(5, 0, 8.0) == 1
    assert keda.decide(10, 1, 8.0) == 1
    assert keda.decide(15, 1, 8.0) == 8


def test_a_lane_without_work_sleeps_in_one_step_after_the_cooldown() -> None:
    """Past the policies, however many workers are left."""
    keda = _keda(minimum=0, down=Behaviour(window_s=0, pods=1, period_s=60))
    replicas, seen = 1, []
    for now in range(0, 151, POLL_S):
        replicas = keda.decide(now, replicas, 9.0 if now <= 75 else 0.0)
        seen.append(replicas)

    assert seen[-6:] == [8, 8, 0, 0, 0, 0]


def test_a_lane_with_a_minimum_is_never_put_to_sleep() -> None:
    """Then the autoscaler alone looks, every 15 seconds."""
    keda = _keda(minimum=2)

    assert [now for now in range(0, 31, POLL_S) if keda.looks(now, 2)] == [0, 15, 30]
    assert keda.decide(600, 5, 0.0) == 2
