"""`python -m benchmarks.autoscaling.check`: do real workers look as the simulated do?

Two workers whose model only waits, so that no core is the limit, get jobs at known
rates; what the scaler's figures say meanwhile stands beside what the simulation draws.
The workers are threads of this program; their Redis and their upkeep are programs.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from benchmarks import bell, houses, stacks
from benchmarks.autoscaling.lanes import Batching
from benchmarks.autoscaling.measure import store_of
from benchmarks.backlog import Backlog
from benchmarks.programs import ROOT
from benchmarks.stacks import Installation
from worker.connection import connect
from worker.lanes import Lanes

#: Where the figures are kept.
FILE = ROOT / "docs" / "scale" / "check.json"
#: Workers, and jobs a batch at most: few, so that one thread can bring enough.
WORKERS, BATCH_MAX = 2, 8
#: Seconds that the model waits at each batch: long beside all else, whatever the
#: machine does meanwhile.
BATCH_S = 0.2
#: Shares of the workers' capacity that are tried.
LOADS = (0.3, 0.5, 0.7, 0.9)
#: Seconds of each, and those before anybody looks: the rate is one of ten seconds.
_SECONDS, _SETTLES_S = 40.0, 11.0
_LOOK_EVERY_S = 0.05
#: Seconds in which full batches are counted, and jobs enough for them.
_RATE_S, _FULL = 5.0, 700


def main() -> int:
    """Run the workers and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True, help="model store to check with")
    store = store_of(parser.parse_args().store)
    with (
        tempfile.TemporaryDirectory(prefix="autoscaling-") as folder,
        stacks.installation(Path(folder), store, batch_max=BATCH_MAX) as home,
        bell.workers(home, WORKERS, batch_s=BATCH_S),
    ):
        home.start_upkeep()
        card = store.card(store.resolve("champion"))
        backlog = Backlog(home, houses.submissions(card, houses.draw()))
        backlog.fill(_FULL)
        lane = _lane(backlog.rate(_RATE_S) / WORKERS)
        backlog.flow()
        home.programs.wait("an empty queue", lambda: not backlog.waiting())
        rows = [_compared(home, backlog, lane, load) for load in LOADS]
    found = {"workers": WORKERS, "rate": lane.rate, "loads": rows}
    FILE.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
    return 0


def _lane(rate: float) -> Batching:
    """Return workers that wait at each batch and do so many jobs a second."""
    job_s = max(0.0, (BATCH_MAX / rate - BATCH_S) / BATCH_MAX)
    return Batching(batch_max=BATCH_MAX, call_s=BATCH_S, job_s=job_s)


def _compared(
    home: Installation, backlog: Backlog, lane: Batching, load: float
) -> dict[str, float]:
    per_s = load * WORKERS * lane.rate
    with _arrivals(backlog, per_s):
        time.sleep(_SETTLES_S)
        seen = list(_looks(home))
    rng = np.random.default_rng(1)
    drawn = [lane.sample(0, per_s, WORKERS, rng) for _ in range(2000)]
    waiting, running = np.median(drawn, axis=0)
    row = {
        "load": load,
        "arrivals_per_s": per_s,
        "arrivals_per_s_told": _median(seen, "arrivals_per_s"),
        "waiting": _median(seen, "waiting"),
        "waiting_simulated": float(waiting),
        "running": _median(seen, "running"),
        "running_simulated": float(running),
    }
    print(" ".join(f"{name} {value:.1f}" for name, value in row.items()), flush=True)
    return row


def _looks(home: Installation) -> Iterator[dict[str, Any]]:
    """Look at the lane as KEDA does, only more often."""
    lanes = Lanes(connect(home.settings.redis_url, role="worker"))
    until = time.monotonic() + _SECONDS - _SETTLES_S
    while time.monotonic() < until:
        yield lanes.scaler()["queues"]["predictions"]
        time.sleep(_LOOK_EVERY_S)


def _median(seen: list[dict[str, Any]], name: str) -> float:
    # When the machine did something else for a while, a line formed: that is no rule.
    return float(np.median([look[name] for look in seen]))


@contextmanager
def _arrivals(backlog: Backlog, per_s: float) -> Iterator[None]:
    """Let jobs come at random while the block runs."""
    ending = threading.Event()
    chance = random.Random(1)

    def bring() -> None:
        due = time.monotonic()
        while not ending.is_set():
            due += chance.expovariate(per_s)
            time.sleep(max(0.0, due - time.monotonic()))
            backlog.submit()

    thread = threading.Thread(target=bring, name="arrivals")
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
