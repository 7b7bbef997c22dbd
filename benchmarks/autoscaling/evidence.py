"""The measured figures, as the simulation needs them."""

from functools import cache
from typing import Any

import numpy as np
import orjson

from benchmarks.autoscaling.lanes import Batching, Delivering
from benchmarks.autoscaling.measure import FILE

#: Threads of a webhook worker, as shipped.
_THREADS = 128


@cache
def measured() -> Any:
    """Return what was measured."""
    return orjson.loads(FILE.read_bytes())


def predictions() -> Batching:
    """Return the lane of the model that ships.

    A batch takes what it takes of the worker's core, and while Redis works for it the
    worker waits. A line through the batches of all sizes tells the cost of a call from
    that of a job.
    """
    sizes = np.array(
        [batch["size"] for batch in measured()["worker"]["batches"]], dtype=float
    )
    per_job = np.array(
        [
            batch["worker_us"] + batch["redis_us"]
            for batch in measured()["worker"]["batches"]
        ]
    )
    # Relative misses count alike: the small batches are not to bend the large ones.
    terms = np.stack([1 / sizes, np.ones_like(sizes)], axis=1) / per_job[:, None]
    (call_us, job_us), *_ = np.linalg.lstsq(terms, np.ones_like(sizes), rcond=None)
    return Batching(
        batch_max=int(sizes.max()),
        call_s=float(call_us) / 1e6,
        job_s=float(job_us) / 1e6,
    )


def webhooks(answer_s: float) -> Delivering:
    """Return the lane of the webhooks, with receivers that take so long to answer."""
    seen = measured()["roles"]["deliveries"]
    cpu_s = (seen["worker_us"] + seen["redis_us"]) / 1e6
    return Delivering(threads=_THREADS, answer_s=answer_s, cpu_s=cpu_s)
