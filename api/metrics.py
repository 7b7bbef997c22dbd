"""/metrics: what Prometheus scrapes, read from Redis and the model store at the scrape.

Nothing is counted in this process: every process of the API tells the same.
"""

from collections.abc import Iterator

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from api.answers import Answer
from api.auth import requires
from api.figures.accuracy import AccuracyFigures
from api.figures.batches import BatchFigures
from api.figures.drift import DriftFigures
from api.figures.lanes import LaneFigures
from api.figures.models import ModelFigures
from api.figures.properties import PropertyFigures
from api.figures.standing import StandingFigures
from api.services import Services, services

api = APIBlueprint("metrics", __name__, abp_tags=[Tag(name="health")])


@api.get("/metrics", operation_id="metrics")
@requires("figures", offers=("text/plain",))
def metrics() -> Answer:
    """Read the figures of this installation, in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    for collector in _collectors(services()):
        registry.register(collector)
    return Answer(generate_latest(registry), 200, {}, CONTENT_TYPE_PLAIN_0_0_4)


def _collectors(shared: Services) -> Iterator[Collector]:
    """Yield one for each subject that is told of."""
    yield LaneFigures(shared.lanes, shared.totals)
    yield BatchFigures(shared.totals)
    yield StandingFigures(shared.totals)
    yield ModelFigures(shared.catalog, shared.versions)
    yield DriftFigures(shared.drift_states)
    yield AccuracyFigures(shared.accuracy)
    yield PropertyFigures(shared.valuation_reads)
