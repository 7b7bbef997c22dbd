"""The judge of a flood sees what must not be."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.chaos.evidence import Holdings, Record
from tests.chaos.load import Taken
from tests.chaos.overload_row import Flood, wrongs

IDS = [f"job-{number}" for number in range(200)]
PRICED = Record(
    state="succeeded",
    detail="",
    output=b"1",
    attempts=1,
    crashes=0,
    completed_ms=1000,
)
LATE = replace(PRICED, state="canceled", detail="deadline_exceeded", output=b"")


def flood(**changes: object) -> Flood:
    """Return a flood of 500 requests a second for ten seconds, that was withstood."""
    taken = [Taken(one, "zenith", b"1", 5.0) for one in IDS]
    whole = Flood(
        sent=5000,
        took_s=10,
        taken=taken,
        statuses=Counter({503: 4800, 202: 200}),
        memory=(1_000_000, 3_000_000),
    )
    return replace(whole, **changes)  # type: ignore[arg-type] # a test's own keywords


def holdings(late: int = 0) -> Holdings:
    """Return what the server holds, some of it too late."""
    ends = [LATE] * late + [PRICED] * (len(IDS) - late)
    return Holdings(
        records=dict(zip(IDS, ends, strict=True)),
        numbered=len(IDS),
        done=len(IDS),
        dead=frozenset(),
        strays=(),
        leftovers={},
        keys={},
    )


def test_a_flood_that_was_withstood_is_whole() -> None:
    """Two of 200 may be late."""
    assert [*wrongs(flood(), holdings(late=2), 50, ends=[])] == []


@pytest.mark.parametrize(
    ("changes", "late", "ends", "told"),
    [
        ({"sent": 4400}, 0, [], "4400 requests in 10 s are no overload"),
        ({"statuses": Counter({202: 200})}, 0, [], "nothing was refused"),
        ({}, 3, [], "197 of 200 accepted jobs met their deadline"),
        ({"taken": []}, 0, [], "0 of 0 accepted jobs met their deadline"),
        ({"wrong": ["500 x"]}, 0, [], "1 answers are neither, such as 500 x"),
        ({}, 0, ["api"], "processes ended: api"),
        ({"memory": (0, 7_000_000)}, 0, [], "Redis grew by 7000000 bytes"),
    ],
)
def test_what_a_flood_washed_away_is_told(
    changes: dict[str, object], late: int, ends: list[str], told: str
) -> None:
    """Each by itself."""
    found = [*wrongs(flood(**changes), holdings(late), 50, ends)]

    assert any(told in one for one in found), found
