"""Names that hang cost a bounded time and a bounded number of threads."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import pytest

from tests.patience import wait_until
from tests.worker.webhooks.conftest import Names
from worker.webhooks.lookup import Lookups, NameNotFound


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Let names that begin with `hangs` hang, and count all that are looked up."""
    asked: Counter[str] = Counter()
    ended = threading.Event()

    def look_up(host: str, *_: object, **__: object) -> list[object]:
        asked[host] += 1
        if host.startswith("hangs"):
            ended.wait()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield asked
    ended.set()
    wait_until(lambda: not _look_ups())


def _look_ups() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "look-up"]


def test_the_addresses_come_in_the_order_to_try_them(names: Names) -> None:
    """Of both kinds."""
    names["hooks.example"] = [["2606:2800:220:1::1", "93.184.216.34"]]

    assert Lookups().resolve("hooks.example") == [
        ip_address("2606:2800:220:1::1"),
        ip_address("93.184.216.34"),
    ]


@pytest.mark.parametrize("host", ["nowhere.example", "a" * 64 + ".example", ".x", ""])
def test_a_name_without_address_is_not_found(names: Names, host: str) -> None:
    """Nor is what can be no name."""
    with pytest.raises(NameNotFound):
        Lookups().resolve(host)


def test_who_asks_waits_no_longer_than_said(hanging: Counter[str]) -> None:
    """A name server that does not answer is one that does not know."""
    with pytest.raises(NameNotFound, match=r"within 0.05 s"):
        Lookups().resolve("hangs.example", timeout_s=0.05)


def test_a_name_that_hangs_takes_one_thread_however_many_ask(
    hanging: Counter[str],
) -> None:
    """Repeated attempts do not pile up."""
    lookups = Lookups()

    for _ in range(5):
        with pytest.raises(NameNotFound):
            lookups.resolve("hangs.example", timeout_s=0.01)

    assert hanging == {"hangs.example": 1}
    assert lookups.resolve("hooks.example") == [ip_address("93.184.216.34")]


def test_names_that_hang_take_so_many_threads_and_no_more(
    hanging: Counter[str],
) -> None:
    """Then others are told so in time, and are served once one has ended."""
    lookups = Lookups(most=2)
    for name in ("hangs-1", "hangs-2"):
        with pytest.raises(NameNotFound):
            lookups.resolve(name, timeout_s=0.01)

    with pytest.raises(NameNotFound, match="too many"):
        lookups.resolve("hooks.example", timeout_s=0.05)

    assert hanging.total() == len(_look_ups()) == 2


def test_who_waits_for_a_thread_gets_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A burst of more names than threads is looked up whole."""
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda *_, **__: [(2, 1, 6, "", ("93.184.216.34", 0))],
    )
    lookups = Lookups(most=2)

    with ThreadPoolExecutor(32) as threads:
        found = list(
            threads.map(
                lambda number: lookups.resolve(f"{number}.example", timeout_s=30),
                range(200),
            )
        )

    assert found == [[ip_address("93.184.216.34")]] * 200
