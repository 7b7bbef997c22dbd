"""Whether API and Flower answer where they are said to be."""

import http.client
import json
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

from api.commands.checkup.finding import Finding, Status, Target
from api.launcher.statefolder import StateFolder
from worker.supervision import ports

#: Seconds that one answer may take.
_ANSWER_S = 2.0
_SHOWN = 300


def check_api(target: Target) -> Iterator[Finding]:
    """Ask the API whether it is there and whether it takes submits."""
    url = _api_url(target)
    for check, path in (("api", "/healthz"), ("api ready", "/readyz")):
        status, answer = _get(url + path)
        if status == HTTPStatus.OK:
            yield Finding(check=check, found=f"{url}{path} answers 200")
            continue
        yield _wrong(check, url + path, status, answer, target)
        if status == 0:
            return


def check_flower(target: Target) -> Iterator[Finding]:
    """Ask the Flower of a `kerbside up`; where another one is, nobody knows."""
    port = StateFolder(target.settings.state_dir).known_ports().get("flower")
    if port is None:
        return
    url = f"http://{ports.LOOPBACK}:{port}/healthcheck"
    status, answer = _get(url)
    if status == HTTPStatus.UNAUTHORIZED:
        yield Finding(check="flower", found=f"{url} asks for a login")
        return
    remedy = _start(target, "flower")
    if status == HTTPStatus.OK:
        remedy = "End it: start it as `python -m worker.flower`, which is closed."
    yield Finding(
        check="flower",
        status=Status.WARNING,
        found=f"{url}: {_said(status, answer)}",
        expected="401, the question for a login; houses are priced without Flower",
        remedy=remedy,
    )


def _api_url(target: Target) -> str:
    """Return where commands find it, else the public URL, else the last `up`'s."""
    if named := target.variables.get("KERBSIDE_URL"):
        return named.rstrip("/")
    settings = target.settings
    if "public_url" not in settings.model_fields_set:
        port = StateFolder(settings.state_dir).known_ports().get("api")
        if port is not None:
            return f"http://{ports.LOOPBACK}:{port}"
    return settings.public_url


def _wrong(check: str, url: str, status: int, answer: str, target: Target) -> Finding:
    remedy = "Mend what it says; the other findings may tell how."
    if status == 0:
        names = "KERBSIDE_URL, or else KERBSIDE_PUBLIC_URL,"
        remedy = f"{_start(target, 'api')} {names} says where it is."
    return Finding(
        check=check,
        status=Status.FAILED,
        found=f"{url}: {_said(status, answer)}",
        expected="200",
        remedy=remedy,
    )


def _start(target: Target, name: str) -> str:
    log = target.settings.state_dir / "log" / f"{name}.log"
    return f"Start `kerbside up`, or look into {log}."


def _said(status: int, answer: str) -> str:
    return f"{status} {answer}".strip() if status else f"no answer: {answer}"


def _get(url: str) -> tuple[int, str]:
    """Return status and words of an answer; 0 and the reason where none comes."""
    parts = urlsplit(url)
    kind = (
        http.client.HTTPSConnection
        if parts.scheme == "https"
        else http.client.HTTPConnection
    )
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=_ANSWER_S)
        try:
            connection.request("GET", parts.path)
            response = connection.getresponse()
            return response.status, _words(response.read(100_000))
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        return 0, str(error) or type(error).__name__


def _words(body: bytes) -> str:
    """Return what a problem document says, else the first characters."""
    try:
        problem = json.loads(body)
        return str(problem["detail"])[:_SHOWN]
    except (ValueError, LookupError, TypeError):
        return body.decode(errors="replace")[:_SHOWN].strip()
