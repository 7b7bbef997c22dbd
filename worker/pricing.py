"""From leased jobs to their outcomes: one predictor call for all of them."""

import time
from collections.abc import Sequence
from typing import Any

import orjson

from model_store import logs
from model_store.errors import ExplanationUnavailable
from worker.errors import frames_of
from worker.leases import Completion, Lease
from worker.predictors import CannotPrice, Pricing

#: What a client reads who asked a worker for reasons that has none to give.
NOT_EXPLAINED = (
    "This price cannot be explained: the worker that took it has not installed "
    "kerbside[explain]. Submit it again without explain."
)

_log = logs.logger(__name__)


def price(leases: Sequence[Lease], predictor: Pricing) -> list[Completion]:
    """Price jobs of one model version in one call.

    A call that raises is repeated by halves, so that only a house that the model cannot
    take fails: two calls for each doubling of the batch, where one by one a slow model
    would outlast the leases.
    """
    try:
        return _predict(leases, predictor)
    except CannotPrice as refusal:
        return [Completion(lease=lease, error=str(refusal)) for lease in leases]
    except Exception as error:  # noqa: BLE001 - the border to the model's own code
        if len(leases) == 1:
            return [_failed(leases[0], error)]
    middle = len(leases) // 2
    return [*price(leases[:middle], predictor), *price(leases[middle:], predictor)]


def _predict(leases: Sequence[Lease], predictor: Pricing) -> list[Completion]:
    began = time.perf_counter()
    houses = [orjson.loads(lease.input) for lease in leases]
    outputs = predictor.predict(houses)
    for lease, output in zip(leases, outputs, strict=True):
        output["model"]["alias"] = lease.alias
    predict_us = round((time.perf_counter() - began) * 1e6)
    refusal = _explain(leases, houses, outputs, predictor)
    return [
        Completion(lease=lease, error=refusal)
        if refusal and lease.explain
        else Completion(
            lease=lease,
            output=orjson.dumps(output),
            predict_us=predict_us,
            prediction=output,
        )
        for lease, output in zip(leases, outputs, strict=True)
    ]


def _explain(
    leases: Sequence[Lease],
    houses: Sequence[dict[str, Any]],
    outputs: Sequence[dict[str, Any]],
    predictor: Pricing,
) -> str:
    """Add the reasons to the outputs of the jobs that asked for them.

    Returns:
        Why there are none, in words for the client; empty where there are or nobody
        asked.
    """
    asked = [row for row, lease in enumerate(leases) if lease.explain]
    if not asked:
        return ""
    try:
        told = predictor.explain([houses[row] for row in asked])
    except ExplanationUnavailable as error:
        job_ids = [leases[row].id for row in asked]
        _log.warning("not_explained", job_ids=job_ids, reason=str(error))
        return NOT_EXPLAINED
    for row, reasons in zip(asked, told, strict=True):
        outputs[row].update(reasons)
    return ""


def _failed(lease: Lease, error: Exception) -> Completion:
    # The exception's own words may quote the house, or tell a stranger about the
    # server: the log gets its place in the code, the client its kind.
    kind = type(error).__name__
    _log.error(
        "model_error",
        job_id=lease.id,
        version=lease.version,
        frames=frames_of(error),
    )
    return Completion(lease=lease, error=f"The model cannot price this house: {kind}.")
