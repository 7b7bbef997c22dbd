"""What Flower shows, and to whom: it runs as `kerbside up` starts it."""

import base64
import http.client
import json
import re
from collections.abc import Iterator
from contextlib import closing
from http import HTTPStatus

import flower.urls
import pytest

from model_store.store import ModelStore
from tests.patience import wait_until
from tests.system import api_server, installation
from tests.system.installation import Installation
from worker.supervision import ports

#: What holds nothing of workers and tasks.
_EMPTY = {"/static/x", "/login", "/logout", "/x"}


def _path(handler: tuple[object, ...]) -> str:
    pattern = getattr(handler, "regex", None)
    text = pattern.pattern if pattern else str(handler[0])
    path = re.sub(r"\(\.[*+]\)|\.\*|/\?$", "x", text.rstrip("$"))
    return "/x" if path == "x" else path.replace("/loginx", "/login")


#: Every path of Flower's own table, those of later versions too.
PATHS = sorted({_path(one) for one in flower.urls.handlers} - _EMPTY)


@pytest.fixture(scope="module")
def place(
    store: ModelStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Run Flower beside a worker."""
    folder = tmp_path_factory.mktemp("flower") / "var"
    with installation.running(folder, store) as place:
        for spec in (*place.stack.prediction_workers(), place.stack.flower()):
            place.start(spec)
        wait_until(lambda: _ask(place, "GET", "/healthcheck")[0] != 0)
        yield place


def _ask(
    place: Installation, method: str, path: str, login: str = ""
) -> tuple[int, bytes]:
    link = http.client.HTTPConnection(
        ports.LOOPBACK, place.stack.flower_port, timeout=30
    )
    sent = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
    with closing(link):
        try:
            link.request(method, path, headers=sent if login else {})
            answer = link.getresponse()
        except OSError:
            return 0, b""
        return answer.status, answer.read()


@pytest.mark.parametrize("login", ["", "kerbside:wrong", "kerbside:"])
@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_shown_without_the_login(
    place: Installation, path: str, login: str
) -> None:
    """Not the pages, not the API, and not those that stock Flower leaves open."""
    answers = {_ask(place, method, path, login) for method in ("GET", "POST", "HEAD")}

    assert {status for status, _ in answers} <= {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.METHOD_NOT_ALLOWED,
    }
    assert HTTPStatus.UNAUTHORIZED in {status for status, _ in answers}
    assert {text for _, text in answers} <= {b"", b"Access denied"} | {
        text for status, text in answers if status == HTTPStatus.METHOD_NOT_ALLOWED
    }


def test_the_paths_that_are_asked_for_are_those_of_flower() -> None:
    """The test above would pass for a table that cannot be read."""
    expected = {"/", "/broker", "/api/tasks", "/metrics", "/healthcheck", "/worker/x"}

    assert expected <= set(PATHS)


@pytest.mark.parametrize(
    "path", ["/", "/broker", "/api/tasks", "/metrics", "/healthcheck"]
)
def test_the_login_opens(place: Installation, path: str) -> None:
    """Probes and Prometheus send it too."""
    assert _ask(place, "GET", path, "kerbside:hunter2")[0] == HTTPStatus.OK


@pytest.mark.parametrize(
    "path",
    [
        "/api/worker/shutdown/{worker}",
        "/api/worker/pool/restart/{worker}",
        "/api/worker/queue/add-consumer/{worker}?queue=predictions",
        "/api/task/revoke/x?terminate=true",
        "/api/task/async-apply/reap",
        "/api/task/send-task/reap",
    ],
)
def test_nothing_can_be_changed_even_with_the_login(
    place: Installation, path: str
) -> None:
    """It is there to look."""
    worker = "predictions-1@" + http.client.socket.gethostname()  # type: ignore[attr-defined] # it is there

    status, _ = _ask(place, "POST", path.format(worker=worker), "kerbside:hunter2")

    assert status == HTTPStatus.FORBIDDEN


def test_a_task_shows_its_id_and_nothing_of_its_house(
    place: Installation, store: ModelStore
) -> None:
    """Whoever looks after workers need not see what customers ask."""
    with api_server.running(place, place.stack.api(), store) as server:
        job = server.submit(Prefer="wait=30").body
        assert job["status"] == "succeeded"

        def told() -> dict[str, dict[str, object]]:
            text = _ask(place, "GET", "/api/tasks", "kerbside:hunter2")[1]
            return dict(json.loads(text))

        wait_until(lambda: job["id"] in told())
        task = told()[job["id"]]
        page = _ask(place, "GET", f"/task/{job['id']}", "kerbside:hunter2")[1]

    assert (task["args"], task["kwargs"]) == ("()", "{}")
    odd = [str(server.house[name]) for name in ("lat", "long")]
    odd.append(str(job["output"]["price"]))
    assert [value for value in odd if value in f"{task}{page.decode()}"] == []
