"""Workers of the slow model: `celery -A benchmarks.slow_worker worker`."""

from benchmarks import slow_model
from worker.celery import create_celery
from worker.settings import WorkerSettings

app = create_celery(WorkerSettings.from_env(), load_predictor=slow_model.load)
