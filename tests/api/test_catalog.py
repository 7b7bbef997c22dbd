"""The laws of which version prices."""

from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import pytest

from api.catalog import ALIAS_TTL_S, Catalog
from api.errors import NoChampion
from model_store.aliases import Aliases
from model_store.errors import ArtifactError, StoreError, UnknownModel
from model_store.manifest import MANIFEST
from model_store.signing import Trust
from model_store.store import ModelStore
from tests.clock import Clock


@pytest.fixture
def own(store: ModelStore, tmp_path: Path) -> ModelStore:
    """Return a store that a test may write to."""
    copytree(store.url, tmp_path / "models")
    return ModelStore(tmp_path / "models", store.trust)


def test_an_alias_and_its_version_mean_the_same(store: ModelStore) -> None:
    """Both lead to one card and one request model."""
    catalog = Catalog(store)
    champion = store.resolve("champion")

    assert catalog.served().card.version == champion
    assert catalog.served("champion") is catalog.served(champion)


def test_a_promotion_is_seen_within_a_second(own: ModelStore, clock: Clock) -> None:
    """Until then the aliases are not read again."""
    empty = ModelStore(own.url, own.trust)
    catalog = Catalog(empty, clock=clock)
    before = catalog.aliases()
    (Path(own.url) / "aliases.json").write_text(
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


def test_an_alias_without_its_version_is_a_fault_of_the_store(own: ModelStore) -> None:
    """Whoever asks for the champion made no mistake; who names the version did."""
    champion = own.resolve("champion")
    rmtree(Path(own.url) / champion)
    catalog = Catalog(own)

    for named in (catalog.served, catalog.card):
        with pytest.raises(StoreError, match=champion) as fault:
            named("champion")
        assert type(fault.value) is StoreError
        with pytest.raises(UnknownModel):
            named(champion)


def test_a_refused_champion_leaves_the_one_before(
    own: ModelStore, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever asks for the refused one by its id is told; a fresh process has none."""
    catalog = Catalog(ModelStore(own.url, own.trust), clock=clock)
    before = catalog.served()
    bad = _promoted(own, {MANIFEST: b"{}", **own.files(before.card.version)})
    clock.seconds += ALIAS_TTL_S

    assert catalog.served() is before
    assert "champion_refused" in caplog.text
    with pytest.raises(ArtifactError, match=bad):
        catalog.served(bad)
    with pytest.raises(ArtifactError, match=bad):
        Catalog(ModelStore(own.url, own.trust)).served()


def test_a_refused_version_is_not_offered(own: ModelStore) -> None:
    """And hides no other."""
    champion = own.resolve("champion")
    bad = _promoted(own, {MANIFEST: b"{}"})

    assert own.versions() == [champion, bad]
    assert Catalog(own).versions() == [champion]


@pytest.mark.parametrize("name", ["", "..", "a/b", "a" * 5000, "\x00", "nobody"])
def test_an_unknown_name_is_unknown(store: ModelStore, name: str) -> None:
    """Whatever it looks like."""
    with pytest.raises(UnknownModel):
        Catalog(store).served(name)


def _promoted(store: ModelStore, files: dict[str, bytes]) -> str:
    """Make files the champion as only somebody beside the store can."""
    version = "20200101-00000002"
    (Path(store.url) / version).mkdir()
    for name, content in files.items():
        (Path(store.url) / version / name).write_bytes(content)
    aliases = Aliases(9, champion=version)
    (Path(store.url) / "aliases.json").write_bytes(aliases.to_json())
    return version


def _broken(*_: Any) -> Aliases:
    raise StoreError("no")
