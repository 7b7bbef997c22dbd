"""Every example of README and docs does what its page says, on a real installation."""

import contextlib
import http.client
import shutil
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from model_store.storage.signing import SigningKey, Trust
from model_store.store import ModelStore
from tests import dead_letters, small_model
from tests.docs import blocks, sessions
from tests.docs.blocks import Block
from tests.docs.reader import Reader
from tests.patience import wait_until
from tests.second_version import SECOND
from tests.structure import source
from tests.system import installation
from tests.system.installation import Installation
from worker import connection
from worker.credentials import ApiKeys
from worker.ledger import Ledger
from worker.queue import Queue
from worker.settings import WorkerSettings
from worker.supervision import ports
from worker.webhooks.sealing import new_key


@pytest.fixture(scope="module")
def serving(
    store: ModelStore, _empty_archive: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Run an API with its workers, upkeep and archive; two dead letters are there."""
    folder = tmp_path_factory.mktemp("docs")
    archive = shutil.copy(_empty_archive, folder / "archive.db")
    with installation.running(
        folder / "var",
        store,
        archive_url=f"sqlite:///{archive}",
        secret_keys=(new_key(),),
        webhook_development=True,
    ) as place:
        _leave_dead_letters(place.redis.url)
        stack = place.stack
        workers = (
            *stack.prediction_workers(),
            installation.in_a_hurry(stack.batches_worker()),
        )
        for process in (stack.api(), *workers, stack.upkeep_worker(), stack.beat()):
            place.start(process)
        wait_until(lambda: _is_ready(stack.port))
        with connection.connect(place.redis.url, role="worker") as client:
            settings = WorkerSettings(redis_url=place.redis.url)
            wait_until(Ledger(client, settings).is_tended)
        yield place


@pytest.fixture
def state(made: dict[str, bytes], tmp_path: Path) -> Path:
    """Return the state folder of a reader: a key, and two versions signed with it."""
    folder = tmp_path / "var"
    folder.mkdir()
    key = SigningKey.create(folder / "signing-key.pem")
    store = ModelStore(folder / "models", Trust((key.public,)))
    store.promote(store.publish(small_model.signed(made, key=key)))
    store.publish(small_model.changed(made, key=key, version=SECOND))
    store.promote(SECOND, post="challenger")
    return folder


@pytest.fixture
def reader(serving: Installation, state: Path, tmp_path: Path) -> Iterator[Reader]:
    """Return who reads a page beside a running installation."""
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "model_store").symlink_to(source.ROOT / "model_store")
    with connection.connect(serving.redis.url, role="worker") as client:
        scopes = ["predict", "read", "webhooks"]
        token, _ = ApiKeys(client).create(tenant="reader", scopes=scopes)
    path = [sessions.commands(tmp_path / "bin"), Path(sys.prefix) / "bin"]
    environment = {
        "HOME": str(folder),
        "KEY": token,
        "KERBSIDE_PUBLIC_URL": f"http://{ports.LOOPBACK}:{serving.stack.port}",
        "KERBSIDE_REDIS_URL": serving.redis.url_of("kerbside"),
        "KERBSIDE_STATE_DIR": str(state),
        "OMP_NUM_THREADS": "1",
        "PATH": ":".join([*map(str, path), "/usr/local/bin:/usr/bin:/bin"]),
    }
    places = {
        "127.0.0.1:8000": f"127.0.0.1:{serving.stack.port}",
        "/etc/kerbside": str(tmp_path / "etc"),
        "20150527-8448e7ad": SECOND,
        "0.0.0.0": ports.LOOPBACK,  # noqa: S104 -- it is what is replaced
        "8001": str(ports.find_free()),
        "5556": str(ports.find_free()),
        "9464": str(ports.find_free()),
    }
    (tmp_path / "etc").mkdir()
    with contextlib.closing(Reader(folder, environment, places)) as reader:
        yield reader


@pytest.mark.parametrize("page", blocks.pages(), ids=lambda page: page.stem)
def test_every_example_of_a_page_does_what_the_page_says(
    page: Path, reader: Reader
) -> None:
    """In order, as a reader would: commands end well, answers have the shape shown."""
    faults = reader.read(blocks.read(page))

    assert not faults, "\n".join(faults)


def test_an_example_that_is_not_run_says_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """They are few, and whoever runs this test sees them."""
    excused = [
        block
        for page in blocks.pages()
        for block in blocks.read(page)
        if block.excuse is not None
    ]

    with capsys.disabled():
        # What a process of xdist writes to stdout is lost.
        sys.stderr.writelines(map(_told, excused))

    assert all(block.excuse for block in excused)


def _leave_dead_letters(redis_url: str) -> None:
    """Leave two, before there are workers that could price the houses."""
    settings = WorkerSettings(redis_url=redis_url)
    with connection.connect(redis_url, role="worker") as client:
        desk, book = Queue(client, settings), Ledger(client, settings)
        dead_letters.made(desk, book, client, count=2)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection), contextlib.suppress(OSError):
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    return False


def _told(block: Block) -> str:
    return f"\nnot run: {block.place}: {block.excuse}"
