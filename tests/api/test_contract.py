"""What the OpenAPI document says and what the service does are the same.

A stranger reads the document and tries everything that it says, and what it excludes:
each operation by itself, then one after the other along the links.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
import schemathesis
from flask import Flask
from schemathesis import engine, hooks
from schemathesis.checks import CHECKS
from schemathesis.engine import StopReason, events
from schemathesis.python import wsgi
from werkzeug.test import Client

from api import request_body
from api.settings import ApiSettings
from model_store.archive.archive import Archive
from tests.api.conftest import Finish, Headers, MakeHeaders, Submit
from worker.credentials import OPERATOR_TENANT
from worker.keys import WEBHOOKS

#: Answers to what the document allows. 410: an earlier request had deleted the job;
#: 428: who changes aliases without saying what it has seen is asked to; 416: of what
#: there is no more there are no further bytes.
_FITTING = ["2xx", "304", "404", "409", "410", "412", "416", "428"]
_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#: What is said of a batch beside its body.
_SAID = {
    "version": "champion",
    "metadata": '{"a":"b"}',
    "webhook": "https://93.184.215.14/hook",
}
#: Whose cursors are not those of predictions.
_LISTS = ("/deliveries", "/outcomes", "/batches", "/properties", "/valuations")
#: Requests of each kind: in every run, and in a long one.
_FEW, _MANY = 10, 150


class _Socketless(Client):
    """Takes what checks say of a socket, of which there is none."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request."""
        for name in ("max_redirects", "verify", "cert", "proxies"):
            kwargs.pop(name, None)
        return super().open(*args, **kwargs)


@dataclass
class _Report:
    """What was tried and what was found."""

    #: Phase and check -> how often it was made.
    checks: Counter[tuple[str, str]] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    stopped: StopReason | None = None

    def take(self, event: events.EngineEvent) -> None:
        """Take note of what the stranger did."""
        match event:
            case events.ScenarioFinished():
                self._take(event)
            case events.NonFatalError():
                self.faults.append(f"{event.label}: {event.value!r}")
            case events.FatalError():
                self.faults.append(repr(event.exception))
            case events.EngineFinished():
                self.stopped = event.stop_reason

    def _take(self, scenario: events.ScenarioFinished) -> None:
        recorder = scenario.recorder
        for case_id, checks in recorder.checks.items():
            self.operations.add(recorder.cases[case_id].value.operation.label)
            for check in checks:
                self.checks[scenario.phase.value, check.name] += 1
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    answer = recorder.interactions[case_id].response
                    self.faults.append(
                        f"{failure.title}: {failure.message}\n"
                        f"{check.failure_info.code_sample}\n"
                        f"{answer and answer.content.decode()}"
                    )


@pytest.fixture
def _priced(finish: Finish) -> Iterator[None]:
    """Let a thread do a worker's work, so that who waits is answered."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.01):
            finish()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.fixture
def api_settings(
    api_settings: ApiSettings, archive: Archive, read_feed: None, tmp_path: Path
) -> ApiSettings:
    """Return settings of an API with all its places, that refuses nobody for the wait.

    How long that is no schema can say, and a deadline may be a millisecond.
    """
    del read_feed
    places = {"archive_url": archive.database.place, "batches_url": str(tmp_path / "b")}
    # A stream of a batch goes on for so long.
    return api_settings.model_copy(update={"max_wait_s": 0, "wait_cap_s": 1, **places})


@pytest.fixture
def _sayable(
    monkeypatch: pytest.MonkeyPatch, operator: Headers, house: dict[str, Any]
) -> Iterator[None]:
    """Keep to the laws that a schema cannot say, in requests that are to be taken."""
    own_id = operator["Authorization"].split("_")[1]
    monkeypatch.setattr(request_body, "can_explain", lambda: True)
    numbers = iter(range(10**6))

    @schemathesis.hook
    def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
        del context, kwargs
        if (case.path_parameters or {}).get("key_id") == own_id:
            # The stranger found it in a list; without it nothing more could be asked.
            case.path_parameters["key_id"] = "nothing"
        _mend_path(case.path_parameters or {})
        if case.operation.path.endswith(":pause"):
            # Nobody would be answered any more who waits for a price.
            case.path_parameters["lane"] = WEBHOOKS
        if case.meta is None or not case.meta.generation.mode.is_positive:
            return
        _mend_query(case.operation.path, case.query or {})
        _mend_headers(case, f"key-{next(numbers)}")
        if case.operation.path.endswith(("/outcomes", "/batches", "/properties")):
            _mend_rows(case, house)
        elif isinstance(case.body, dict) and "tenant" in case.body:
            # Only the operator may lend the operator's reach.
            case.body["tenant"] = OPERATOR_TENANT
            # Not every number of requests can be counted.
            case.body["rate_limit"] = case.body.get("rate_limit") and "100/60"
            _write_whole(case.body)
        elif isinstance(case.body, dict):
            _mend(case.body)
            if case.body.get("deadline") is not None:
                # It says what Cancel-After says.
                case.headers.pop("Cancel-After", None)

    yield
    hooks.unregister_all()


def _mend_rows(case: Any, house: dict[str, Any]) -> None:
    """Tell sales that have been; of a batch only a table is held against the model."""
    is_table = case.media_type == "text/csv"
    if case.operation.path.endswith("/outcomes"):
        case.body = _table(house) if is_table else _past(case.body, house)
    elif is_table:
        row = {"custom_id": "row-7", **house}
        case.body = ",".join(row) + "\n" + ",".join(map(str, row.values()))


def _table(house: dict[str, Any]) -> str:
    """Return a sale as CSV: a schema says only that it is text."""
    sale = {"price": 612000, "sold_on": "2015-05-27", **house}
    return ",".join(sale) + "\n" + ",".join(map(str, sale.values()))


def _past(body: Any, house: dict[str, Any]) -> Any:
    """Return sales as JSON Schema cannot say them: long ago, and of no prediction."""
    for sale in body.get("outcomes", [body]) if isinstance(body, dict) else []:
        sale["sold_on"] = "2015-05-27"
        named = [sale.pop(name, None) for name in ("prediction_id", "property_id")]
        if any(named):
            sale["input"] = dict(house)
        sale["input"]["yr_renovated"] = 0
        _write_whole(sale["input"])
    return body


def _mend_path(names: dict[str, Any]) -> None:
    """Lead somewhere: the stranger takes the null of a sale without one for an id."""
    for name, found in names.items():
        if found in {None, "None"}:
            names[name] = str(uuid4())


def _mend_query(path: str, query: dict[str, Any]) -> None:
    """Ask for what there is: which segments there are, only sales can say."""
    query.pop("segment", None)
    if path.endswith(("/batches", "/properties")):
        query.update({name: _SAID[name] for name in _SAID.keys() & query.keys()})
    if path.endswith(_LISTS):
        # The cursor is that of another list.
        query.pop("cursor", None)
    _write_whole(query)


def _mend_headers(case: Any, key: str) -> None:
    """Have one key for one request, and name no champion challenger.

    The only version is the champion: whoever names it has seen other aliases.
    """
    told = case.headers or {}
    if "Idempotency-Key" in told:
        told["Idempotency-Key"] = key
    if case.operation.path.endswith("/challenger"):
        told["If-Match"] = '"0"'


def _mend(body: dict[str, Any]) -> None:
    """Keep to what JSON Schema cannot say of a request.

    Webhooks go to a public host and are signed with a secret that is one. A version
    that exists, no renovation before the building, and whole numbers written as such.
    """
    for name in {"url", "webhook"} & body.keys():
        body[name] = body[name] and "https://hooks.example.com/kerbside"
    if body.get("secret") is not None:
        body["secret"] = _SECRET
    if "input" in body:
        _mend_submit(body)


def _mend_submit(body: dict[str, Any]) -> None:
    if body.get("webhook") is None or "completed" not in (
        body.get("webhook_events_filter") or ()
    ):
        body.pop("webhook_events_filter", None)
    body["input"]["yr_renovated"] = 0
    if body.get("version") is not None:
        body["version"] = "champion"
    _write_whole(body)
    _write_whole(body["input"])


def _write_whole(fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if isinstance(value, float) and value.is_integer():
            fields[name] = int(value)


@pytest.fixture
def operator(bearer: MakeHeaders) -> Headers:
    """Return the header of a key that may everything."""
    return bearer(tenant=OPERATOR_TENANT, scopes="predict read webhooks operate")


@pytest.fixture
def cursor(app: Flask, operator: Headers, submit: Submit) -> str:
    """Return a cursor, which nobody can make up."""
    for _ in range(3):
        submit(key=operator)
    client: Any = app.test_client()
    page = client.get("/v1/predictions?limit=1", headers=operator).json
    found: str
    (found,) = parse_qs(urlsplit(page["next"]).query)["cursor"]
    return found


@pytest.mark.usefixtures("_priced", "_sayable", "resolver")
@pytest.mark.parametrize(
    "examples", [_FEW, pytest.param(_MANY, marks=pytest.mark.system)]
)
def test_a_stranger_finds_the_document_true(
    app: Flask,
    operator: Headers,
    cursor: str,
    monkeypatch: pytest.MonkeyPatch,
    examples: int,
) -> None:
    """All checks, each operation, with the key and without, and along the links."""
    monkeypatch.setattr(wsgi, "get_client", _Socketless)
    token = operator["Authorization"].removeprefix("Bearer ")
    config = schemathesis.Config.from_dict(
        {
            "seed": 1,
            "generation": {
                "max-examples": examples,
                "deterministic": True,
                "database": "none",
                "no-shrink": True,
            },
            "auth": {"openapi": {"key": {"bearer": token}}},
            "checks": {"positive_data_acceptance": {"expected-statuses": _FITTING}},
            "parameters": {"query.cursor": cursor},
            "phases": {"stateful": {"max-steps": 8}},
            "continue-on-failure": True,
            "warnings": False,
        }
    )
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=config)
    report = _Report()

    for event in engine.from_schema(schema).execute():
        report.take(event)

    assert not report.faults, "\n\n".join(report.faults)
    assert report.stopped is StopReason.COMPLETED
    assert report.operations == _operations(schema)
    made = set(report.checks)
    for check in set(CHECKS.get_all_names()) - {"max_response_time"}:
        assert made & {("fuzzing", check), ("coverage", check)}, check
    assert {("stateful", "use_after_free"), ("stateful", "ignored_auth")} <= made


def _operations(schema: schemathesis.BaseSchema) -> set[str]:
    """Return what the document describes, but for the way to the document itself."""
    described = {
        f"{method.upper()} {path}"
        for path, methods in schema.raw_schema["paths"].items()
        for method in methods
    }
    return described - {"GET /openapi.json"}
