"""The laws of which version prices."""

from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from api.catalog import ALIAS_TTL_S, WARM_UP_S, Catalog
from api.errors import NoChampion
from model_store.aliases import Aliases
from model_store.errors import ArtifactError, StoreError, UnknownModel
from model_store.storage.manifest import MANIFEST
from model_store.storage.signing import Trust
from model_store.store import ModelStore
from tests.clock import Clock
from tests.second_version import SECOND
from worker.versions import Findings, Refusal


@pytest.fixture
def first(own_store: ModelStore) -> str:
    """Return the champion of the store that a test may write to."""
    return own_store.resolve("champion")


@dataclass
class Workers:
    """Say what the test lets them say, from the next look at the aliases on."""

    findings: Findings = field(default_factory=Findings)

    def __call__(self) -> Findings:
        """Return it."""
        return self.findings


@pytest.fixture
def workers() -> Workers:
    """Return workers that have reported nothing."""
    return Workers()


@pytest.fixture
def catalog(own_store: ModelStore, workers: Workers, clock: Clock) -> Catalog:
    """Return a catalog that has seen the first champion."""
    catalog = Catalog(own_store, ask_workers=workers, clock=clock)
    catalog.aliases()
    clock.seconds += ALIAS_TTL_S
    return catalog


def serves(catalog: Catalog) -> str:
    """Return the version that a request for the champion is priced by."""
    return catalog.served().card.version


def test_an_alias_and_its_version_mean_the_same(store: ModelStore) -> None:
    """Both lead to one card and one request model."""
    catalog = Catalog(store)
    champion = store.resolve("champion")

    assert catalog.served().card.version == champion
    assert catalog.served("champion") is catalog.served(champion)


def test_a_promotion_is_seen_within_a_second(
    own_store: ModelStore, clock: Clock
) -> None:
    """Until then the aliases are not read again."""
    empty = ModelStore(own_store.url, own_store.trust)
    catalog = Catalog(empty, clock=clock)
    before = catalog.aliases()
    (Path(own_store.url) / "aliases.json").write_text(
        '{"generation": 9, "champion": "x", "challenger": null, "previous": null}'
    )

    assert catalog.aliases() is before
    clock.seconds += ALIAS_TTL_S
    assert catalog.aliases() == Aliases(generation=9, champion="x")


def test_a_store_that_cannot_be_read_leaves_the_last_known(
    store: ModelStore,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Prices go on; the log says that the aliases are old."""
    catalog = Catalog(store, clock=clock)
    known = catalog.aliases()
    monkeypatch.setattr(store, "aliases", _broken)
    clock.seconds += 10

    assert catalog.aliases() == known
    assert "aliases_not_read" in caplog.text


def test_a_store_that_was_never_read_is_an_error(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is known, so nothing is claimed."""
    monkeypatch.setattr(store, "aliases", _broken)

    with pytest.raises(StoreError):
        Catalog(store).aliases()


def test_an_empty_store_has_no_champion(tmp_path: Path) -> None:
    """And no other alias."""
    catalog = Catalog(ModelStore(tmp_path, Trust()))

    with pytest.raises(NoChampion):
        catalog.served()
    with pytest.raises(UnknownModel):
        catalog.served("previous")


def test_an_alias_without_its_version_is_a_fault_of_the_store(
    own_store: ModelStore,
) -> None:
    """Whoever asks for the champion made no mistake; who names the version did."""
    champion = own_store.resolve("champion")
    rmtree(Path(own_store.url) / champion)
    catalog = Catalog(own_store)

    for named in (catalog.served, catalog.card):
        with pytest.raises(StoreError, match=champion) as fault:
            named("champion")
        assert type(fault.value) is StoreError
        with pytest.raises(UnknownModel):
            named(champion)


def test_a_refused_version_is_not_offered(own_store: ModelStore, first: str) -> None:
    """And hides no other."""
    _damage(own_store, SECOND)
    catalog = Catalog(ModelStore(own_store.url, own_store.trust))

    assert catalog.versions() == [first, SECOND]
    assert catalog.choices()["versions"] == [first]


@pytest.mark.parametrize("name", ["", "..", "a/b", "a" * 5000, "\x00", "nobody"])
def test_an_unknown_name_is_unknown(store: ModelStore, name: str) -> None:
    """Whatever it looks like."""
    with pytest.raises(UnknownModel):
        Catalog(store).served(name)


def test_without_a_word_from_workers_a_champion_serves_at_once(
    catalog: Catalog, own_store: ModelStore
) -> None:
    """Nothing is known against it."""
    own_store.promote(SECOND)
    assert serves(catalog) == SECOND


def test_a_new_champion_serves_once_the_workers_have_it(
    catalog: Catalog, own_store: ModelStore, workers: Workers, clock: Clock, first: str
) -> None:
    """No job waits for a model that loads while another can price it."""
    workers.findings = Findings({first: 0}, now=10_000)
    own_store.promote(SECOND)
    assert serves(catalog) == first
    assert catalog.resolve("champion") == SECOND
    for loaded, expected in ((9_500, first), (9_000, SECOND), (10_000, SECOND)):
        workers.findings = Findings({first: 0, SECOND: loaded}, now=10_000)
        clock.seconds += ALIAS_TTL_S
        assert serves(catalog) == expected


def test_what_workers_had_long_ago_is_loaded_anew_before_it_serves(
    catalog: Catalog, own_store: ModelStore, workers: Workers, clock: Clock, first: str
) -> None:
    """As after a rollback, or where one worker priced by the version's id before."""
    hour = 3_600_000
    workers.findings = Findings({first: 0, SECOND: 0}, now=hour)
    own_store.promote(SECOND)
    assert serves(catalog) == first
    workers.findings = Findings({first: 0, SECOND: hour + 500}, now=hour + 1500)
    clock.seconds += ALIAS_TTL_S
    assert serves(catalog) == SECOND


def test_another_challenger_changes_nothing_for_the_champion(
    catalog: Catalog, own_store: ModelStore, workers: Workers, clock: Clock, first: str
) -> None:
    """Even while a worker that has just started loads the champion."""
    own_store.promote(SECOND)
    clock.seconds += ALIAS_TTL_S
    assert serves(catalog) == SECOND
    workers.findings = Findings({first: 0, SECOND: 9_900}, now=10_000)
    own_store.promote(first, post="challenger")
    clock.seconds += ALIAS_TTL_S
    assert catalog.aliases().challenger == first
    assert serves(catalog) == SECOND


def test_a_new_champion_is_not_waited_for_for_ever(
    catalog: Catalog, own_store: ModelStore, workers: Workers, clock: Clock, first: str
) -> None:
    """There may be no worker to load it."""
    workers.findings = Findings({first: 0})
    own_store.promote(SECOND)
    for _ in range(round(WARM_UP_S / ALIAS_TTL_S)):
        assert serves(catalog) == first
        clock.seconds += ALIAS_TTL_S
    assert serves(catalog) == SECOND


def test_a_process_that_starts_takes_the_champion_as_it_is(
    own_store: ModelStore, workers: Workers, clock: Clock, first: str
) -> None:
    """Its promotion may be long ago."""
    own_store.promote(SECOND)
    workers.findings = Findings({first: 0})
    catalog = Catalog(own_store, ask_workers=workers, clock=clock)
    assert serves(catalog) == SECOND


def test_a_champion_that_workers_refuse_is_passed_over(
    catalog: Catalog, own_store: ModelStore, workers: Workers, clock: Clock, first: str
) -> None:
    """The one before serves on, for as long as it takes; named by its id it is had."""
    refusal = Refusal(reason="damaged", count=1, since=0, last=0)
    workers.findings = Findings({first: 0}, {SECOND: refusal})
    own_store.promote(SECOND)
    for _ in range(3):
        assert serves(catalog) == first
        clock.seconds += WARM_UP_S
    assert catalog.served(SECOND).card.version == SECOND
    assert catalog.card("champion").version == SECOND
    workers.findings = Findings({first: 0, SECOND: 0}, now=1000)
    clock.seconds += ALIAS_TTL_S
    assert serves(catalog) == SECOND


def test_a_refused_champion_serves_where_the_one_before_is_refused_too(
    catalog: Catalog, own_store: ModelStore, workers: Workers, first: str
) -> None:
    """There is no better one, and its name is the one that was asked for."""
    refusal = Refusal(reason="damaged", count=1, since=0, last=0)
    workers.findings = Findings(refused={SECOND: refusal, first: refusal})
    own_store.promote(SECOND)
    assert serves(catalog) == SECOND


def test_a_champion_whose_card_is_damaged_is_passed_over(
    own_store: ModelStore, first: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever asks for the damaged one by its id is told; it is in the log."""
    own_store.promote(SECOND)
    _damage(own_store, SECOND)
    catalog = Catalog(ModelStore(own_store.url, own_store.trust))

    assert serves(catalog) == first
    assert "champion_refused" in caplog.text
    with pytest.raises(ArtifactError, match=SECOND):
        catalog.served(SECOND)


@pytest.mark.parametrize("previous", [None, SECOND, "20150101-00000000"])
def test_a_damaged_champion_with_none_before_it_leaves_the_one_that_served(
    own_store: ModelStore, clock: Clock, first: str, previous: str | None
) -> None:
    """A process that starts has none, and says so."""
    catalog = Catalog(ModelStore(own_store.url, own_store.trust), clock=clock)
    before = catalog.served()
    _damage(own_store, SECOND)
    aliases = Aliases(9, champion=SECOND, previous=previous)
    (Path(own_store.url) / "aliases.json").write_bytes(aliases.to_json())
    clock.seconds += ALIAS_TTL_S

    assert before.card.version == first
    assert catalog.served() is before
    with pytest.raises(ArtifactError, match=SECOND):
        Catalog(ModelStore(own_store.url, own_store.trust)).served()


def test_what_can_be_named_is_offered_newest_first_and_bounded(
    own_store: ModelStore, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the version that each alias means."""
    catalog = Catalog(own_store)
    assert catalog.choices() == {
        "aliases": {"champion": first},
        "versions": [SECOND, first],
    }
    many = [f"{number:03}" for number in range(100)]
    monkeypatch.setattr(own_store, "versions", lambda: many)
    card = own_store.card(first)
    monkeypatch.setattr(own_store, "card", lambda _: card)
    assert catalog.choices()["versions"] == many[:-21:-1]


def _damage(store: ModelStore, version: str) -> None:
    """Leave a version's manifest as nobody signed it."""
    (Path(store.url) / version / MANIFEST).write_bytes(b"{}")


def _broken(*_: Any) -> Aliases:
    raise StoreError("no")
