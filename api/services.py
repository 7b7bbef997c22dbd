"""What the views of one process share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask, current_app

from api.auth import Authenticator
from api.catalog import Catalog
from api.circuit import Circuit
from api.figures.accuracy import LastReport
from api.key_use import KeyUse
from api.pace import Pace
from api.read_count import ReadCount
from api.readiness import Readiness
from api.settings import ApiSettings
from api.throttle import Throttle
from api.uploads import Uploads
from api.waiting import Waiting
from model_store.store import ModelStore
from worker.audit import Audit
from worker.batches import Batches
from worker.credentials import ApiKeys
from worker.dead_letters import DeadLetters
from worker.drift import Drift
from worker.drift_states import DriftStates
from worker.key_uses import KeyUses
from worker.lanes import Lanes
from worker.listing import Listing
from worker.purging import Purging
from worker.queue import Queue
from worker.shadow_totals import ShadowTotals
from worker.totals import Totals
from worker.tracing import Tracing
from worker.valuation_reads import ValuationReads
from worker.versions import Versions
from worker.webhooks.deliveries import Deliveries
from worker.webhooks.endpoints import Endpoints
from worker.webhooks.health import WebhookHealth
from worker.webhooks.keyring import Keyring

if TYPE_CHECKING:
    from model_store.archive.archive import Archive

_EXTENSION = "kerbside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """One of each, made when the application is."""

    settings: ApiSettings
    #: Headers of every answer that says nothing else itself.
    always: Mapping[str, str]
    queue: Queue
    batches: Batches
    listing: Listing
    lanes: Lanes
    totals: Totals
    purging: Purging
    dead_letters: DeadLetters
    store: ModelStore
    catalog: Catalog
    #: None where this installation keeps none.
    archive: "Archive | None"
    #: What realised sales say of the models, as it is told to Prometheus.
    accuracy: LastReport
    waiting: Waiting
    uploads: Uploads
    pace: Pace
    authenticator: Authenticator
    keys: ApiKeys
    key_uses: KeyUses
    key_use: KeyUse
    #: Reads of stored prices: those of all processes, and what counts this one's.
    valuation_reads: ValuationReads
    read_count: ReadCount
    audit: Audit
    tracing: Tracing
    circuit: Circuit
    readiness: Readiness
    versions: Versions
    shadow_totals: ShadowTotals
    drift: Drift
    drift_states: DriftStates
    endpoints: Endpoints
    deliveries: Deliveries
    webhook_health: WebhookHealth
    keyring: Keyring
    #: Of the log about a model store that cannot be read, and about an archive.
    store_faults: Throttle
    archive_faults: Throttle

    def stop(self) -> None:
        """Answer those who wait, and write what was counted."""
        self.waiting.stop()
        self.read_count.stop()


def install(app: Flask, services: Services) -> None:
    """Hand the services to an application."""
    app.extensions[_EXTENSION] = services


def of(app: Flask) -> Services:
    """Return the services of an application."""
    found: Services = app.extensions[_EXTENSION]
    return found


def services() -> Services:
    """Return the services of the application that handles this request."""
    return of(current_app)
