"""The row in which the archive is away while all properties are valued anew."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from signal import Signals
from typing import Any

import orjson

from model_store.archive.archive import Archive
from model_store.archive.property import Property
from model_store.archive.valuation import Valuation
from model_store.store import ModelStore
from tests.chaos.archive_row import held_archive
from tests.chaos.houses import House
from tests.chaos.site import Site
from tests.chaos.stage import Stage
from tests.patience import wait_until
from worker.batch import ENDED, Batch
from worker.batches import Batches
from worker.keys import FEED

_TENANT = "acme"
#: The version that valued them before.
_OUTDATED = "before"
#: Three chunks.
_PROPERTIES = 300
#: Seconds for workers to start, and for what the archive refused to be tried again.
_PATIENCE_S = 240.0
_EXAMPLES = 3


def archive_away(stage: Stage) -> None:
    """Let nobody write to the archive while a portfolio is priced, and after."""
    site = stage.site
    numbers = range(_PROPERTIES)
    houses = {f"house-{one}": stage.load.houses.draw(stage.rng) for one in numbers}
    with _opened(site) as archive:
        properties = _properties(site, houses)
        archive.properties.put(properties)
        archive.valuations.record(map(_outdated, properties))
    # It looks at once when it has started, and rarely while nothing is promoted.
    site.fleet.signal("upkeep", Signals.SIGTERM)
    _wait(site, lambda _: True, "a revaluation")
    with held_archive(site.archive_file):
        _wait(site, lambda batch: batch.status in ENDED, "the last price")
        time.sleep(stage.times)
        early = [one.stored for one in _revaluations(site)]
    began = time.monotonic()
    _wait(site, lambda batch: batch.stored == _PROPERTIES, "the last to be stored")
    stage.notes.append(
        f"{_PROPERTIES} valuations, stored in {time.monotonic() - began:.1f} s"
    )
    # Said now, for the server is gone when checks are asked.
    broken = [*not_held(early, _revaluations(site)), *_wrong(site, houses)]
    stage.checks.append(lambda _: broken)
    server: Any = site.client()
    stage.at_rest.append(
        lambda: wait_until(lambda: not server.xlen(FEED), "the last to be archived")
    )


def not_held(early: Sequence[int | None], found: Sequence[Batch]) -> Iterator[str]:
    """Yield what an outage must not have done to a revaluation."""
    if any(early):
        yield f"{early} valuations were stored while nothing could be written"
    if [one.status for one in found] != ["completed"]:
        yield f"revaluations ended as {[one.status for one in found]}, not one"


def unlike(
    found: Mapping[str, Sequence[Valuation]], houses: Mapping[str, House]
) -> Iterator[str]:
    """Yield the properties that have not the one valuation that is theirs."""
    counts = {name: len(found[name]) for name in houses if len(found[name]) != 1}
    if counts:
        some = dict(list(counts.items())[:_EXAMPLES])
        yield f"{len(counts)} properties have other than one valuation: {some}"
    wrong = [
        name
        for name, valuations in found.items()
        for one in valuations
        if orjson.loads(one.output) != orjson.loads(houses[name].output)
    ]
    if wrong:
        yield f"{len(wrong)} properties are valued as others: {wrong[:_EXAMPLES]}"


def _wrong(site: Site, houses: Mapping[str, House]) -> list[str]:
    with _opened(site) as archive:
        page = archive.valuations.page
        found = {name: page(_TENANT, name, limit=_EXAMPLES) for name in houses}
    anew = {
        name: [one for one in told if one.version != _OUTDATED]
        for name, told in found.items()
    }
    return [*unlike(anew, houses)]


def _opened(site: Site) -> contextlib.closing[Archive]:
    return contextlib.closing(Archive(f"sqlite:///{site.archive_file}"))


def _properties(site: Site, houses: Mapping[str, House]) -> list[Property]:
    store = ModelStore.from_settings(site.settings)
    model = store.card(store.resolve("champion")).name
    now = round(time.time() * 1000)
    return [
        Property(
            tenant=_TENANT,
            id=name,
            model=model,
            input=house.input,
            created_ms=now,
            updated_ms=now,
        )
        for name, house in houses.items()
    ]


def _outdated(known: Property) -> Valuation:
    """Return what a version said that is champion no more."""
    output = {"price": 1, "interval": {"low": 1, "high": 1}}
    return Valuation(
        tenant=known.tenant,
        property_id=known.id,
        source_id="pre_before",
        valued_ms=known.created_ms,
        model=known.model,
        version=_OUTDATED,
        input_digest=known.input_digest,
        output=orjson.dumps(output),
    )


def _revaluations(site: Site) -> list[Batch]:
    with contextlib.closing(site.client()) as client:
        page = Batches(client, site.settings).page(_TENANT, limit=10, before=None)
    return [one for one in page.batches if one.purpose == "revaluation"]


def _wait(site: Site, is_so: Callable[[Batch], bool], what: str) -> None:
    wait_until(
        lambda: any(map(is_so, _revaluations(site))), what, timeout_s=_PATIENCE_S
    )
