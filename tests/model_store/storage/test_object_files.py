"""A store behind a URL keeps the laws of a store in a folder.

The client of S3 is the real one and speaks HTTP to a server of this process; memory is
fsspec's own.
"""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import fsspec
import pytest

from model_store.aliases import Aliases
from model_store.errors import (
    AliasesChanged,
    ArtifactError,
    NotTrusted,
    StoreError,
    UnknownModel,
)
from model_store.serving.predictor import Predictor
from model_store.storage.manifest import CARD, MANIFEST, MODEL, PARITY
from model_store.storage.object_files import ObjectFiles
from model_store.storage.signing import SigningKey, Trust
from model_store.store import ModelStore
from tests.model_store import s3_server
from tests.small_model import TRUST, changed

Made = dict[str, bytes]

SECOND = "20200101-00000002"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """Return the URL of an empty bucket."""
    with s3_server.serving() as url:
        yield url


@pytest.fixture
def s3_url(s3: str) -> str:
    """Return a place of its own in the bucket."""
    return f"{s3}/{uuid.uuid4()}/models"


@pytest.fixture
def memory_url() -> Iterator[str]:
    """Return a place of its own in fsspec's memory."""
    name = f"memory://{uuid.uuid4()}"
    yield f"{name}/models"
    files = fsspec.filesystem("memory")
    if files.exists(name):
        files.rm(name, recursive=True)


@pytest.fixture(params=["s3_url", "memory_url"])
def url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a store that does not exist yet."""
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture
def fresh(url: str) -> ModelStore:
    """Return a store that does not exist yet."""
    return ModelStore(url, TRUST)


def _write(store: ModelStore, name: str, content: bytes) -> None:
    fsspec.open(f"{store.url}/{name}", "wb").fs.pipe_file(
        f"{store.url}/{name}", content
    )


def _remove(store: ModelStore, name: str) -> None:
    client, path = fsspec.core.url_to_fs(f"{store.url}/{name}")
    client.rm_file(path)


def _left_in(store: ModelStore) -> list[str]:
    client, root = fsspec.core.url_to_fs(store.url)
    client.invalidate_cache()
    return sorted(path.removeprefix(f"{root}/") for path in client.find(root))


def test_what_was_published_is_there_for_another_process(
    fresh: ModelStore, made: Made
) -> None:
    """Listed, with its card and files, byte for byte, and nothing beside them."""
    assert fresh.versions() == []
    assert fresh.aliases() == Aliases()
    fresh.prepare()

    version = fresh.publish(made)

    other = ModelStore(fresh.url, TRUST)
    assert other.versions() == [version]
    assert other.card(version).version == version
    assert other.files(version) | {MANIFEST: made[MANIFEST]} == made
    assert _left_in(fresh) == sorted(f"{version}/{name}" for name in made)


def test_a_model_is_loaded_from_there(fresh: ModelStore, made: Made) -> None:
    """And prices as exactly as from a folder."""
    version = fresh.publish(made)

    predictor = Predictor.load(ModelStore(fresh.url, TRUST), version)

    assert predictor.exact
    assert predictor.predict([dict(predictor.card.schema.example)])[0]["price"] > 0


def test_aliases_move_and_move_back(fresh: ModelStore, made: Made) -> None:
    """Each change is a generation, and one from another generation is refused."""
    first = fresh.publish(made)
    second = fresh.publish(changed(made, version=SECOND))
    other = ModelStore(fresh.url, TRUST)

    assert fresh.promote(first) == Aliases(1, champion=first)
    assert other.promote(second, post="challenger", if_generation=1).generation == 2
    assert fresh.promote(second) == Aliases(3, second, None, first)
    assert other.rollback(if_generation=3) == Aliases(4, first, None, second)
    with pytest.raises(AliasesChanged):
        fresh.promote(second, if_generation=3)
    assert fresh.aliases() == Aliases(4, first, None, second)


@pytest.mark.parametrize("name", [CARD, MODEL, PARITY])
def test_a_changed_file_is_refused(fresh: ModelStore, made: Made, name: str) -> None:
    """Whoever may write to the bucket cannot make a model."""
    version = fresh.publish(made)
    _write(fresh, f"{version}/{name}", made[name] + b" ")

    with pytest.raises(ArtifactError, match=rf"{version}: {name} not as MANIFEST"):
        fresh.files(version)
    fresh.publish(made)
    assert fresh.files(version)[name] == made[name]


def test_a_stranger_and_an_absent_manifest_are_refused(
    fresh: ModelStore, made: Made
) -> None:
    """A version is what somebody trusted has completed."""
    version = fresh.publish(made)
    with pytest.raises(NotTrusted):
        ModelStore(fresh.url, Trust((SigningKey.generate().public,))).card(version)

    _remove(fresh, f"{version}/{MANIFEST}")

    assert fresh.versions() == []
    with pytest.raises(UnknownModel):
        ModelStore(fresh.url, TRUST).card(version)


def test_the_manifest_is_written_last(
    fresh: ModelStore, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks meanwhile sees no version."""
    add, orders = ObjectFiles.add, []

    def seen(files: ObjectFiles, folder: str, content: Made) -> None:
        orders.append(list(content))
        add(files, folder, content)

    monkeypatch.setattr(ObjectFiles, "add", seen)

    fresh.publish({MANIFEST: made[MANIFEST], **made})

    (order,) = orders
    assert sorted(order) == sorted(made)
    assert order[-1] == MANIFEST


def test_a_publisher_that_fails_half_way_leaves_nothing(
    fresh: ModelStore, made: Made
) -> None:
    """And can be repeated."""
    half = {CARD: made[CARD], MODEL: made[MODEL], MANIFEST: object()}

    with pytest.raises(StoreError, match="cannot write the store"):
        ObjectFiles(fresh.url).add(SECOND, half)  # type: ignore[arg-type]

    assert _left_in(fresh) == []
    assert fresh.publish(made) in fresh.versions()


def test_a_failing_publisher_spares_what_another_completed(
    fresh: ModelStore, made: Made
) -> None:
    """It takes back its own files alone."""
    version = fresh.publish(made)
    files = ObjectFiles(fresh.url)

    with pytest.raises(StoreError):
        files.add(version, {CARD: made[CARD], MODEL: object()})  # type: ignore[dict-item]
    files.add(version, {CARD: made[CARD]})

    assert fresh.files(version)[CARD] == made[CARD]


def test_two_publishers_at_once_leave_one_whole_version(
    s3_url: str, made: Made
) -> None:
    """Nothing spans two objects, so each looks after its last write."""
    twice = [made, changed(made, trained_at="2026-02-02T00:00:00Z")]

    with ThreadPoolExecutor(4) as pool:
        published = set(
            pool.map(
                lambda turn: ModelStore(s3_url, TRUST).publish(twice[turn % 2]),
                range(8),
            )
        )

    (version,) = published
    card = ModelStore(s3_url, TRUST).files(version)[CARD]
    assert card in [files[CARD] for files in twice]


def test_of_promotions_at_once_on_s3_none_is_lost(s3_url: str, made: Made) -> None:
    """A write whose condition does not hold any more is made anew."""
    store = ModelStore(s3_url, TRUST)
    versions = [store.publish(made), store.publish(changed(made, version=SECOND))]
    files = ObjectFiles(s3_url)

    def count(_: int) -> None:
        files.update("count", lambda content: b"%d" % (int(content or 0) + 1))

    def flip(turn: int) -> None:
        ModelStore(s3_url, TRUST).promote(versions[turn % 2])

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(flip, range(6)))
        list(pool.map(count, range(15)))

    assert files.read("count") == b"15"
    assert store.aliases().champion != store.aliases().previous


def test_of_promotions_from_one_generation_one_wins(s3_url: str, made: Made) -> None:
    """The others learn that they decided on what is no longer so."""
    store = ModelStore(s3_url, TRUST)
    versions = [store.publish(made), store.publish(changed(made, version=SECOND))]
    store.promote(versions[0])

    def promoted(_: int) -> bool:
        try:
            ModelStore(s3_url, TRUST).rollback(if_generation=2)
        except AliasesChanged:
            return False
        return True

    store.promote(versions[1])
    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(promoted, range(6)))

    assert store.aliases().generation == 3
    assert won.count(True) == 1


def test_a_bucket_that_is_not_there_is_told(s3: str) -> None:
    """With the place and what to look at; the credentials stay out of it."""
    store = ModelStore(f"{s3}-other/models", TRUST)

    with pytest.raises(StoreError, match=r"s3://kerbside-other/models.*bucket") as told:
        store.prepare()

    assert "hunter2" not in str(told.value)


def test_a_password_in_a_url_is_in_no_message() -> None:
    """Some kinds of URL carry one."""
    files = ObjectFiles("memory://user:hunter2@host/models")

    assert "hunter2" not in files.place
