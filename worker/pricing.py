"""From leased jobs to their outcomes: one predictor call per model version."""

import itertools
import logging
import time
from collections.abc import Callable, Sequence

import orjson

from worker.ledger import Completion, Lease
from worker.predictors import Pricing

_log = logging.getLogger(__name__)


def price(
    leases: Sequence[Lease], predictor_of: Callable[[str], Pricing]
) -> list[Completion]:
    """Price a batch, in one call per model version.

    A call that raises is repeated house by house, so that only the house that the model
    cannot take fails.

    Args:
        leases: The jobs of the batch, in any order of versions.
        predictor_of: Returns the predictor of a version; what it raises passes through.
    """
    ordered = sorted(leases, key=lambda lease: lease.version)
    completions: list[Completion] = []
    for version, group in itertools.groupby(ordered, key=lambda lease: lease.version):
        completions += _price_group(list(group), predictor_of(version))
    return completions


def _price_group(leases: list[Lease], predictor: Pricing) -> list[Completion]:
    try:
        return _predict(leases, predictor)
    except Exception as error:  # noqa: BLE001 - the border to the model's own code
        if len(leases) > 1:
            return [done for one in leases for done in _price_group([one], predictor)]
        # Its text may quote the house, so it goes to the client and not into the log.
        _log.warning("model_error: job %s, %s", leases[0].id, type(error).__name__)
        reason = f"The model cannot price this house: {type(error).__name__}: {error}"
        return [Completion(lease=leases[0], error=reason)]


def _predict(leases: list[Lease], predictor: Pricing) -> list[Completion]:
    began = time.perf_counter()
    outputs = predictor.predict([orjson.loads(lease.input) for lease in leases])
    predict_us = round((time.perf_counter() - began) * 1e6)
    return [
        Completion(lease=lease, output=orjson.dumps(output), predict_us=predict_us)
        for lease, output in zip(leases, outputs, strict=True)
    ]
