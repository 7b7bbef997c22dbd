"""The tutorial's Celery half: `celery -A benchmarks.tutorial.tasks worker`.

Nothing here is slower than a careful author would write it: the model is loaded once a
process, JSON is the serializer, events are off, and one data frame serves all three
pipelines.
"""

from typing import Any

from celery import Celery
from celery.signals import worker_process_init

from benchmarks.tutorial.settings import TutorialSettings
from model_store.settings import ModelSettings
from model_store.store import ModelStore

settings = TutorialSettings.from_env()

app = Celery("tutorial", broker=settings.redis_url, backend=settings.redis_url)
app.conf.update(
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    result_expires=3600,
    broker_connection_retry_on_startup=True,
)

_model: Any = None


@worker_process_init.connect
def load_model(**_: Any) -> None:
    """Load the model once in each worker process."""
    # Only the worker loads the model stack, as the web process imports this module too.
    from benchmarks.tutorial.model import Model  # noqa: PLC0415

    global _model  # noqa: PLW0603 -- how tutorials keep a model
    store = ModelStore.from_settings(ModelSettings.from_env())
    _model = Model(store.files(store.resolve("champion")))


@app.task(name="tutorial.predict")
def predict(house: dict[str, Any]) -> dict[str, Any]:
    """Price one house."""
    price: dict[str, Any] = _model.predict(house)
    return price
