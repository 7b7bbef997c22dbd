"""The autoscaler decides as Kubernetes' controller does."""

import pytest

from benchmarks.autoscaling.hpa import SYNC_S, Behaviour, Hpa

AT_ONCE = Behaviour(window_s=0, pods=100, period_s=15)


def _hpa(*, down: Behaviour = AT_ONCE, up: Behaviour = AT_ONCE) -> Hpa:
    return Hpa(minimum=1, maximum=10, up=up, down=down)


@pytest.mark.parametrize(
    ("current", "usage", "wanted"),
    [
        (4, 4.39, 4),
        (4, 4.5, 5),
        (4, 3.61, 4),
        (4, 3.5, 4),
        (4, 3.0, 3),
        (1, 1.09, 1),
        (1, 1.2, 2),
    ],
)
def test_nothing_is_done_within_a_tenth_and_all_else_is_rounded_up(
    current: int, usage: float, wanted: int
) -> None:
    """So ten workers stay ten until eleven are asked for, or nine will do."""
    assert _hpa().sync(0, current, usage) == wanted


@pytest.mark.parametrize(("usage", "wanted"), [(50.0, 10), (0.0, 1)])
def test_it_stays_between_minimum_and_maximum(usage: float, wanted: int) -> None:
    """A metric says what it likes."""
    assert _hpa().sync(0, 5, usage) == wanted


def test_the_highest_advice_of_the_window_holds_workers_back() -> None:
    """A short lull ends nobody; once the window has passed it counts."""
    hpa = _hpa(down=Behaviour(window_s=300, pods=100, period_s=60))

    seen = [hpa.sync(now, 8, 2.0 if now else 8.0) for now in range(0, 331, SYNC_S)]

    assert seen[:21] == [8] * 21
    assert seen[-1] == 2


def test_no_more_workers_go_in_a_period_than_are_allowed() -> None:
    """A minute lies between the first that goes and the next."""
    hpa = _hpa(down=Behaviour(window_s=0, pods=1, period_s=60))
    replicas = [8]

    for now in range(0, 121, SYNC_S):
        replicas.append(hpa.sync(now, replicas[-1], 1.0))

    assert replicas == [8, 7, 7, 7, 7, 6, 6, 6, 6, 5]


def test_no_more_workers_come_in_a_period_than_are_allowed() -> None:
    """Those that came within the period count."""
    hpa = _hpa(up=Behaviour(window_s=0, pods=2, period_s=30))
    replicas = [1]

    for now in range(0, 46, SYNC_S):
        replicas.append(hpa.sync(now, replicas[-1], 9.0))

    assert replicas == [1, 3, 3, 5, 5]


def test_those_that_came_within_the_period_may_go_beside_those_that_are_allowed() -> (
    None
):
    """A period is reckoned from how many there were at its beginning."""
    hpa = _hpa(down=Behaviour(window_s=0, pods=1, period_s=60))

    assert hpa.sync(0, 1, 9.0) == 9
    assert hpa.sync(SYNC_S, 9, 1.0) == 1
