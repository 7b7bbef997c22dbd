"""The Flask application: every part made once and put together here."""

from functools import partial

from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

import api
from api import (
    accuracy,
    aliases,
    assets,
    batches,
    comparison,
    deliveries,
    drift,
    early_answer,
    health,
    hooks,
    imports,
    keys,
    metrics,
    models,
    ops,
    ops_dead_letters,
    ops_queues,
    ops_webhooks,
    outcomes,
    pages,
    predictions,
    security_headers,
    services,
    valuations,
    webhooks,
)
from api.auth import Authenticator
from api.catalog import Catalog
from api.circuit import Circuit
from api.figures.accuracy import last_report
from api.hot_routes import HotRoutes
from api.key_use import KeyUse
from api.last_known import LastKnown
from api.openapi import document
from api.pace import Pace
from api.read_count import ReadCount
from api.readiness import Readiness
from api.request_log import RequestLog
from api.services import Services
from api.settings import ApiSettings
from api.throttle import Throttle
from api.tracing import Traced
from api.uploads import Uploads
from api.waiting import Waiting
from model_store.store import ModelStore
from worker import archived, tracing
from worker.audit import Audit
from worker.batches import Batches
from worker.connection import connect
from worker.credentials import ApiKeys
from worker.dead_letters import DeadLetters
from worker.drift import Drift
from worker.drift_states import DriftStates
from worker.key_uses import KeyUses
from worker.keys import PREDICTIONS
from worker.lanes import Lanes
from worker.listing import Listing
from worker.purging import Purging
from worker.queue import Queue
from worker.rates import Rates
from worker.seen import SeenHouses
from worker.shadow_totals import ShadowTotals
from worker.totals import Totals
from worker.valuation_reads import ValuationReads
from worker.versions import Findings, Versions
from worker.webhooks.deliveries import Deliveries
from worker.webhooks.endpoints import Endpoints
from worker.webhooks.health import WebhookHealth
from worker.webhooks.keyring import Keyring

_ABOUT = """House prices with honest ranges: submit, then poll or be
told by a signed webhook.

Whatever takes GET takes HEAD too. OPTIONS answers 204 and any other method 405, both
with the header `Allow`. What the server itself refuses, such as headers over 32 kB, is
answered without a problem document.
"""

_BLUEPRINTS = (
    predictions.api,
    batches.api,
    valuations.api,
    imports.api,
    webhooks.api,
    deliveries.api,
    models.api,
    aliases.api,
    comparison.api,
    outcomes.api,
    accuracy.api,
    keys.api,
    ops.api,
    ops_queues.api,
    ops_dead_letters.api,
    ops_webhooks.api,
    drift.api,
    metrics.api,
    health.api,
    document.api,
    pages.api,
    assets.api,
)


def create_app(settings: ApiSettings, queue: Queue | None = None) -> OpenAPI:
    """Return the application; nothing is connected and no thread is started yet.

    Args:
        settings: All settings.
        queue: The queue's front desk; made from the settings when absent.
    """
    app = OpenAPI(
        __name__,
        info=Info(
            title="Kerbside",
            version=api.__version__,
            description=_ABOUT,
        ),
        doc_ui=False,
        static_folder=None,
    )
    # Every method that is not offered answers 405, every other spelling of a path 404,
    # save that of slashes in front, which werkzeug passes over.
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False
    services.install(app, _services(settings, queue))
    for blueprint in _BLUEPRINTS:
        app.register_api(blueprint)
    hooks.install(app)
    app.wsgi_app = HotRoutes(app)  # type: ignore[method-assign] # Flask's own way to wrap it
    if settings.log_level in {"debug", "info"}:
        app.wsgi_app = RequestLog(app.wsgi_app)  # type: ignore[method-assign]
    if settings.tracing:
        app.wsgi_app = Traced(app.wsgi_app, services.of(app).tracing)  # type: ignore[method-assign]
    return app


def _services(settings: ApiSettings, queue: Queue | None) -> Services:
    client = connect(settings.redis_url, role="api")
    queue = queue or Queue(client, settings)
    versions = Versions(client, settings)
    store = ModelStore.from_settings(settings)
    catalog = Catalog(
        store,
        ask_workers=LastKnown(versions.findings, Findings()),
    )
    archive = archived.shared(settings)
    drift_states, valuation_reads = DriftStates(client), ValuationReads(client)
    lanes, api_keys, key_uses = Lanes(client), ApiKeys(client), KeyUses(client)
    return Services(
        settings=settings,
        always=security_headers.chosen(settings.public_url),
        queue=queue,
        batches=Batches(client, settings),
        listing=Listing(client, archived.of(settings)),
        lanes=lanes,
        totals=Totals(client),
        purging=Purging(client, settings),
        dead_letters=DeadLetters(client, settings),
        store=store,
        catalog=catalog,
        archive=archive,
        accuracy=last_report(archive),
        waiting=Waiting(
            connect(settings.redis_url, role="listener"),
            capacity=settings.waiters,
        ),
        uploads=Uploads(settings.upload_timeout_s, break_off=early_answer.break_off),
        pace=Pace(LastKnown(partial(lanes.rates, PREDICTIONS), Rates())),
        authenticator=Authenticator(
            api_keys, cache_s=settings.key_cache_s, limit=settings.key_limit()
        ),
        keys=api_keys,
        key_uses=key_uses,
        key_use=KeyUse(key_uses.keep),
        valuation_reads=valuation_reads,
        read_count=ReadCount(valuation_reads.add),
        audit=Audit(client),
        tracing=tracing.chosen(settings, "api"),
        circuit=Circuit(client.ping),
        readiness=Readiness(queue, catalog),
        versions=versions,
        shadow_totals=ShadowTotals(client),
        drift=Drift(SeenHouses(client, settings), drift_states),
        drift_states=drift_states,
        endpoints=Endpoints(client, settings),
        deliveries=Deliveries(client, settings),
        webhook_health=WebhookHealth(client),
        keyring=Keyring(client, settings),
        store_faults=Throttle(),
        archive_faults=Throttle(),
    )
