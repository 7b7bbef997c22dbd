"""Takes the pictures of `/ops` in the docs, of a service that has lived a little.

Prices and realised sales of the replay by month, one version left alone since October;
five minutes of houses, more and fewer; a house that killed its workers. The champion is
that of a folder in which `kerbside up` has run, of the shipped sales:

    python -m tests.system.ops_page.picture var
"""

import contextlib
import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, FloatRect, Page

from model_store import dataset
from model_store.archive.archive import Archive
from model_store.archive.outcome import Outcome
from model_store.archive.prediction import Prediction
from model_store.archive.report import ACCURACY
from model_store.monitoring import report
from model_store.storage.signing import SigningKey, Trust
from model_store.store import ModelStore
from tests import dead_letters
from tests.model_store.archive.rows import OUTPUT, prediction
from tests.model_store.monitoring import replay
from tests.patience import wait_until
from tests.system import api_server, browser, installation
from tests.system.api_server import Server
from tests.system.ops_page.page import new_key
from worker.ledger import Ledger
from worker.queue import Queue
from worker.settings import WorkerSettings

_DOCS = Path("docs/howto")
#: Pictures, by the headings with which they begin and before which they end.
_PICTURES = {
    "operate.png": ("Operate", "Champion and challenger"),
    "operate-models.png": ("Champion and challenger", "By group"),
}
#: A version that came after the champion, in the archive alone.
_RETRAINED = "20150430-5e1f0c2e"
#: Of the replayed sales each third is enough for a chart.
_EACH = 3
_PRICE, _USUAL_REACH = 500_000, 100_000
#: Houses a second, in the mean, and seconds from one rush to the next.
_RATE, _WAVE_S = 6.0, 90.0
#: Seconds that workers may take to begin.
_SLOW_S = 600
#: Height above a heading, in pixels.
_MARGIN = 24
_SCREEN = {"width": 1180, "height": 900}


@click.command()
@click.argument("state", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--seconds", default=300, show_default=True, help="Of houses coming in.")
def main(state: Path, seconds: int) -> None:
    """Write the pictures, with the model store of a STATE folder."""
    key = SigningKey.load(state / "signing-key.pem")
    store = ModelStore(state / "models", Trust((key.public,)))
    with TemporaryDirectory() as folder, _archive(Path(folder)) as archive:
        _live_through(archive, store)
        url = archive.database.place
        with (
            browser.running() as chromium,
            installation.running(Path(folder) / "var", store, archive_url=url) as place,
            api_server.running(place, place.stack.api(), store) as server,
        ):
            settings = WorkerSettings()
            book = Ledger(server.redis, settings)
            dead_letters.made(Queue(server.redis, settings), book, server.redis)
            for spec in place.stack.workers():
                place.start(spec)
            _price_houses(server, seconds)
            _take(chromium, server)


@contextlib.contextmanager
def _archive(folder: Path) -> Iterator[Archive]:
    with contextlib.closing(Archive(f"sqlite:///{folder}/archive.db")) as archive:
        archive.migrate()
        yield archive


def _live_through(archive: Archive, store: ModelStore) -> None:
    """Archive what both models of the replay said, what came of it, and the report."""
    told, champion = replay.read(), store.resolve("champion")
    versions = {
        champion: (told.static, told.static_inside),
        _RETRAINED: (told.retrained, told.retrained_inside),
    }
    for at, (version, (ratios, inside)) in enumerate(versions.items()):
        sold = _PRICE / ratios[::_EACH]
        made = [
            _prediction(number, version, price, is_inside=held)
            for number, (price, held) in enumerate(
                zip(sold.tolist(), inside[::_EACH].tolist(), strict=True),
                start=at * len(sold),
            )
        ]
        archive.predictions.upsert(made)
        archive.outcomes.record(_outcomes(made, sold, told.sold_on[::_EACH]))
    card = store.card(champion)
    archive.reports.put(
        ACCURACY,
        report.make(archive, lambda _: card),
        made_ms=time.time_ns() // 1_000_000,
    )


def _prediction(
    number: int, version: str, sold: float, *, is_inside: bool
) -> Prediction:
    """Return a prediction whose range held what was paid, or just did not."""
    off = abs(sold - _PRICE)
    reach = max(1.05 * off, _USUAL_REACH) if is_inside else 0.95 * off
    output = json.loads(OUTPUT)
    output["interval"] |= {"low": _PRICE - reach, "high": _PRICE + reach}
    return prediction(number, version=version, output=json.dumps(output).encode())


def _outcomes(
    made: Sequence[Prediction],
    sold: NDArray[np.float64],
    days: NDArray[np.datetime64],
) -> list[Outcome]:
    return [
        Outcome(
            tenant="acme",
            subject=one.id,
            prediction_id=one.id,
            price=price,
            # A year on: the champion has learnt from the sales themselves.
            sold_on=(day + np.timedelta64(365)).item(),
            recorded_ms=9000,
        )
        for one, price, day in zip(made, sold.tolist(), days, strict=True)
    ]


def _price_houses(server: Server, seconds: int) -> None:
    """Submit houses of the shipped sales, now more and now fewer."""
    sales = dataset.load()
    rows = np.random.default_rng(0).permutation(len(sales)).tolist()
    wait_until(
        lambda: server.submit(Prefer="wait=10").status == HTTPStatus.CREATED,
        timeout_s=_SLOW_S,
    )
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        replace(server, house=sales.house(rows.pop())).submit()
        rush = math.sin(2 * math.pi * passed / _WAVE_S)
        time.sleep(1 / (_RATE * (1 + 0.8 * rush)))


def _take(chromium: Browser, server: Server) -> None:
    address = f"http://127.0.0.1:{server.port}/ops"
    operator = new_key(server, "operate", "read")
    with browser.opened(chromium, address, key=operator, viewport=_SCREEN) as page:
        page.locator("#panel-accuracy .notice").wait_for()
        for name, (first, after) in _PICTURES.items():
            top, end = _top_of(page, first), _top_of(page, after)
            clip = FloatRect(x=0, y=top, width=_SCREEN["width"], height=end - top)
            page.screenshot(path=_DOCS / name, full_page=True, clip=clip)


def _top_of(page: Page, heading: str) -> float:
    """Return where a part of the page begins; the first one has what is above it."""
    box = page.get_by_role("heading", name=heading, exact=True).bounding_box()
    assert box, heading
    return max(box["y"] - _MARGIN, 0) if box["y"] > _SCREEN["height"] else 0


if __name__ == "__main__":
    main()
