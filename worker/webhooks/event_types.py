"""The types of events, and how a client says which it wants."""

from collections.abc import Iterable

ENDED = ("prediction.succeeded", "prediction.failed", "prediction.canceled")
STARTED = "prediction.started"
BATCH_PROGRESS = "batch.progress"
BATCH_ENDED = ("batch.completed", "batch.failed", "batch.canceled", "batch.expired")
REVALUED = "portfolio.revalued"
DISABLED = "endpoint.disabled"
PROMOTED, ROLLED_BACK = "model.promoted", "model.rolled_back"
DEGRADED, DRIFT = "model.degraded", "drift.detected"
#: Those of the installation itself: endpoints of its operators' tenant alone are told.
ANNOUNCED = (PROMOTED, ROLLED_BACK, DEGRADED, DRIFT)

#: Every type of event that is sent, and when.
TYPES = {
    STARTED: "A worker has taken the prediction.",
    "prediction.succeeded": "It has its price.",
    "prediction.failed": "It has none: the model raised, or its workers died.",
    "prediction.canceled": "Its client canceled it, or its deadline passed.",
    BATCH_PROGRESS: "Chunks of the batch have ended; each 10 s at most.",
    "batch.completed": "Each of its rows has a price or an error of its own.",
    "batch.failed": "Rows could not be priced, or too many had an error.",
    "batch.canceled": "Its client or the operator canceled it.",
    "batch.expired": "Its deadline passed before its end.",
    REVALUED: "All properties were valued anew, and that is stored.",
    DISABLED: "Another endpoint of yours is sent nothing any more.",
    PROMOTED: "For operators: a model version has become champion or challenger.",
    ROLLED_BACK: "For operators: the champion before is champion again.",
    DEGRADED: "For operators: realised sales say that a model is worse than it was.",
    DRIFT: "For operators: houses or prices are not what the model was trained on.",
}

#: What a submit's `webhook_events_filter` may name, in the words of Replicate's API:
#: output and logs come with the end here.
FILTERS: dict[str, tuple[str, ...]] = {
    "start": (STARTED,),
    "output": (),
    "logs": (),
    "completed": ENDED,
}


def of_filter(wanted: Iterable[str] | None) -> tuple[str, ...]:
    """Return the types that a submit's filter means; without one those of its end."""
    names = ("completed",) if wanted is None else wanted
    return tuple(type_ for name in names for type_ in FILTERS[name])


def patterns() -> tuple[str, ...]:
    """Return everything that an endpoint can ask for: types, families of them, all."""
    families = {f"{type_.partition('.')[0]}.*" for type_ in TYPES}
    return ("*", *sorted(families), *TYPES)
