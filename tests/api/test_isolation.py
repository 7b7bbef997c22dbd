"""No tenant reaches, changes or even notices what is another's, on any route.

The routes are those of the OpenAPI document. A new one fails here until it is said
what kind of things its path names (`OWNED`, `OPERATORS`, `SHARED`), what it is sent
(`BODIES`) and, if it makes things, how another tenant would go about it (`MAKING`).
"""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from api.settings import ApiSettings
from model_store.archive.archive import Archive
from tests.api.conftest import Client, Finish, Headers, MakeHeaders, assert_problem
from worker.credentials import RESERVED

#: All that a key of a tenant may be allowed to do.
SCOPES = "predict read webhooks"
#: Stands in everything of the first tenant's that is text.
CANARY = "canary-of-acme"
#: The first tenant's name for its submit.
ORDER = "order-7"
#: A receiver, whose name the fixture `resolver` knows.
HOOK = "https://hooks.example.com/kerbside"


@dataclass(frozen=True)
class Site:
    """Two tenants, of whom the first has things, and what makes them."""

    client: Client
    acme: Headers
    globex: Headers
    house: dict[str, Any]
    finish: Finish

    def submit(self, key: Headers, **headers: str) -> Any:
        """Submit a house with labels."""
        body = {"input": self.house, "metadata": {"about": CANARY}}
        return self.client.post(
            "/v1/predictions", json=body, headers={**key, **headers}
        )


def predictions(site: Site) -> list[str]:
    """Return predictions that wait, ended, were canceled, and were erased."""
    ended = site.submit(site.acme).json["id"]
    site.finish()
    ids = [site.submit(site.acme).json["id"] for _ in range(3)]
    site.client.post(f"/v1/predictions/{ids[1]}/cancel", headers=site.acme)
    site.client.delete(f"/v1/predictions/{ids[2]}", headers=site.acme)
    return [ended, *ids]


def webhooks(site: Site) -> list[str]:
    """Return endpoints: one that is sent events, one that was disabled."""
    body = {"url": HOOK, "description": CANARY}
    ids = [
        site.client.post("/v1/webhooks", json=body, headers=site.acme).json["id"]
        for _ in range(2)
    ]
    site.client.post(f"/v1/webhooks/{ids[1]}/disable", headers=site.acme)
    return ids


def deliveries(site: Site) -> list[str]:
    """Return deliveries: one that waits, one that was called off."""
    made = []
    for _ in range(2):
        body = {"input": site.house, "webhook": HOOK}
        answer = site.client.post("/v1/predictions", json=body, headers=site.acme)
        made.append(answer.json["id"])
    site.finish()
    site.client.delete(f"/v1/predictions/{made[1]}", headers=site.acme)
    log = site.client.get("/v1/webhooks/default/deliveries", headers=site.acme)
    ids = [one["id"] for one in log.json["results"]]
    assert len(ids) == len(made)
    return ids


def outcomes(site: Site) -> list[str]:
    """Return sales: one that counts, one that was withdrawn."""
    made = [
        site.client.post(
            "/v1/outcomes",
            json={"price": 612001, "sold_on": day, "input": site.house},
            headers=site.acme,
        )
        for day in ("2025-01-31", "2026-01-31")
    ]
    ids = [one.json["results"][0]["id"] for one in made]
    site.client.delete(f"/v1/outcomes/{ids[1]}", headers=site.acme)
    return ids


def batches(site: Site) -> list[str]:
    """Return a batch that was canceled: the stream of one that waits tells the time."""
    rows = [{"custom_id": CANARY, "input": site.house}]
    made = site.client.post("/v1/batches", json=rows, headers=site.acme).json["id"]
    site.client.post(f"/v1/batches/{made}/cancel", headers=site.acme)
    return [made]


def properties(site: Site) -> list[str]:
    """Return properties of which one has been priced."""
    ids = ["property-of-acme", "another-of-acme"]
    for which in ids:
        body = {"input": site.house, "metadata": {"about": CANARY}}
        url = f"/v1/properties/{which}"
        assert site.client.put(url, json=body, headers=site.acme).status_code < 300
        site.finish()
    return ids


def _nobodys(prefix: str, digits: int) -> Callable[[], str]:
    return lambda: prefix + f"{uuid.uuid4().int:032x}"[:digits]


#: Name of a path parameter -> makes things of the first tenant's, and returns their
#: ids; and the like of an id that nobody has.
OWNED: dict[str, tuple[Callable[[Site], list[str]], Callable[[], str]]] = {
    "prediction_id": (predictions, lambda: str(uuid.uuid4())),
    "webhook_id": (webhooks, _nobodys("wh_", 24)),
    "delivery_id": (deliveries, _nobodys("dlv_", 32)),
    "outcome_id": (outcomes, _nobodys("out_", 24)),
    "batch_id": (batches, _nobodys("bat_", 32)),
    "property_id": (properties, lambda: str(uuid.uuid4())),
}
#: Path parameters of things that only the operator reaches.
OPERATORS = {"key_id", "lane"}
#: Path parameters of things that are there for everybody.
SHARED = {"version", "name"}
#: Operation id -> the body that it is sent.
BODIES: dict[str, Callable[[Site], Any]] = {
    "put_prediction": lambda site: {"input": site.house},
    "update_webhook": lambda _: {"enabled": False},
    "rotate_webhook_secret": lambda _: {},
    "test_webhook": lambda _: {},
}
#: Operation id -> the query that it needs.
QUERIES = {"recover_deliveries": "?since=0"}
#: Operation id -> body and headers by which the second tenant makes a thing of its own
#: where the first has one of the same name.
MAKING: dict[str, Callable[[Site], tuple[Any, Headers]]] = {
    "create_prediction": lambda site: (
        {"input": site.house},
        {"Idempotency-Key": ORDER},
    ),
    "create_webhook": lambda _: ({"url": HOOK}, {}),
    "rotate_default_secret": lambda _: ({}, {}),
    "record_outcomes": lambda site: (
        {"price": 612000, "sold_on": "2026-02-27", "input": site.house},
        {},
    ),
    "create_batch": lambda site: (
        [{"input": site.house}],
        {"Idempotency-Key": ORDER},
    ),
    "import_properties": lambda site: (
        [{"custom_id": "imported", "input": site.house}],
        {"Idempotency-Key": f"{ORDER}-import"},
    ),
    # Its path has a name of the client's own.
    "put_property": lambda site: ({"input": site.house}, {}),
}


@dataclass(frozen=True)
class Operation:
    """An operation of the document."""

    id: str
    method: str
    path: str
    scopes: frozenset[str]
    has_body: bool

    @property
    def names(self) -> list[str]:
        """Return the names of its path parameters."""
        return re.findall(r"{(\w+)}", self.path)

    def at(self, name: str, thing: str) -> str:
        """Return its path with an id in place of one name; other ids are nobody's."""
        others = {one: OWNED[one][1]() for one in self.names if one != name}
        path = self.path.format(**others, **{name: thing})
        return path + QUERIES.get(self.id, "")


@pytest.fixture
def api_settings(
    api_settings: ApiSettings, archive: Archive, read_feed: None, tmp_path: Path
) -> ApiSettings:
    """Return settings of an API with all its places."""
    del read_feed
    places = {"archive_url": archive.database.place, "batches_url": str(tmp_path / "b")}
    return api_settings.model_copy(update=places)


@pytest.fixture
def site(
    client: Client,
    bearer: MakeHeaders,
    house: dict[str, Any],
    finish: Finish,
    resolver: dict[str, Any],
) -> Site:
    """Return two tenants whose keys may do all that a tenant's may."""
    assert urlsplit(HOOK).hostname in resolver
    acme, globex = (bearer(tenant, SCOPES) for tenant in ("acme", "globex"))
    return Site(client, acme, globex, house, finish)


@pytest.fixture
def operations(client: Client) -> list[Operation]:
    """Return what the document lists."""
    return [
        Operation(
            found["operationId"],
            method.upper(),
            path,
            frozenset(scope for need in found["security"] for scope in need["key"]),
            "requestBody" in found,
        )
        for path, methods in client.get("/openapi.json").json["paths"].items()
        for method, found in methods.items()
    ]


def test_every_route_has_a_rule(operations: list[Operation]) -> None:
    """What the tables do not name would not be tried."""
    for one in operations:
        unknown = set(one.names) - OWNED.keys() - OPERATORS - SHARED
        assert not unknown, f"say in a table what {unknown} of {one.path} names"
        if RESERVED.intersection(one.scopes) or not one.has_body:
            continue
        told = BODIES if one.names else MAKING
        assert one.id in {*told, "put_property"}, (
            f"say in a table what {one.id} is sent"
        )
    parameters = {name for one in operations for name in one.names}
    ids = {one.id for one in operations}
    assert {*OWNED, *OPERATORS, *SHARED} <= parameters
    assert {*BODIES, *MAKING, *QUERIES} <= ids


def test_no_tenant_does_what_is_the_operators(
    site: Site, operations: list[Operation], bearer: MakeHeaders
) -> None:
    """Whether the thing is there or not."""
    key_id = site.acme["Authorization"].split("_")[1]
    reserved = [one for one in operations if RESERVED.intersection(one.scopes)]

    assert {name for one in reserved for name in one.names} == OPERATORS
    for one in reserved:
        path = one.path.format(**dict.fromkeys(one.names, key_id))
        answer = site.client.open(path, method=one.method, headers=site.globex)
        assert_problem(answer, 403, "missing-scope")


def test_what_is_anothers_is_like_what_is_not_there(
    site: Site, operations: list[Operation]
) -> None:
    """The same status, the same words, the same headers; and nothing is changed."""
    for name, (make, nobodys) in OWNED.items():
        ids = make(site)
        asked = [
            one for one in operations if name in one.names and one.id not in MAKING
        ]
        before = list(_read(site, asked, name, ids))
        assert {status for status, _ in before} >= {200}

        for one in asked:
            for thing in ids:
                theirs = _ask(site, one, name, thing)
                if one.method == "PUT":
                    problem = assert_problem(theirs, 409, "id-taken")
                    assert set(problem) == _PROBLEM
                    continue
                assert theirs[0] == 404, (one.path, theirs)
                assert theirs == _ask(site, one, name, nobodys()), one.path

        assert list(_read(site, asked, name, ids)) == before


def test_no_answer_shows_anything_of_anothers(
    site: Site, operations: list[Operation]
) -> None:
    """Lists, figures, descriptions: whatever a tenant can read without an id."""
    ids = [one for make, _ in OWNED.values() for one in make(site)]
    reading = [
        one
        for one in operations
        if one.method == "GET"
        and not one.names
        and not RESERVED.intersection(one.scopes)
    ]

    assert {one.id for one in reading} >= {"list_predictions", "list_models"}
    for one in reading:
        answer = site.client.get(one.path, headers=site.globex)
        assert answer.status_code == 200
        assert [text for text in (*ids, CANARY) if text in answer.text] == [], one.path


def test_what_is_made_under_anothers_name_is_ones_own(
    site: Site, operations: list[Operation]
) -> None:
    """A name such as an Idempotency-Key is a tenant's own, too."""
    first = site.submit(site.acme, **{"Idempotency-Key": ORDER})
    (name, _) = properties(site)

    for one in operations:
        if one.id in MAKING:
            body, headers = MAKING[one.id](site)
            answer = site.client.open(
                one.path.format(property_id=name),
                method=one.method,
                json=body,
                headers={**site.globex, **headers},
            )
            assert answer.status_code in {200, 201, 202}
            for text in (first.json["id"], CANARY):
                assert text not in answer.text


def test_a_place_in_anothers_list_is_none_in_ones_own(site: Site) -> None:
    """A cursor that leaked leads nowhere new."""
    ids = predictions(site)
    mine = site.submit(site.globex).json["id"]
    page = site.client.get("/v1/predictions?limit=1", headers=site.acme).json
    query = page["next"].partition("?")[2]

    answer = site.client.get(f"/v1/predictions?{query}", headers=site.globex)

    assert answer.status_code == 200
    assert {one["id"] for one in answer.json["results"]} <= {mine}
    assert [one for one in ids if one in answer.text] == []


_PROBLEM = {"type", "title", "status", "detail", "request_id"}


def _read(
    site: Site, asked: list[Operation], name: str, ids: list[str]
) -> Iterator[tuple[int, bytes]]:
    """Yield what the first tenant reads of its things."""
    for one in asked:
        if one.method == "GET":
            for thing in ids:
                answer = site.client.get(
                    one.at(name, thing),
                    headers={**site.acme, "Request-Id": thing},
                )
                yield answer.status_code, answer.data


def _ask(site: Site, one: Operation, name: str, thing: str) -> Any:
    """Ask as the second tenant; return what it can tell answers apart by.

    To a PUT, which makes what is not there, the answer itself.
    """
    body = BODIES[one.id](site) if one.has_body else None
    answer = site.client.open(
        one.at(name, thing),
        method=one.method,
        json=body,
        headers={**site.globex, "Request-Id": "same"},
    )
    if one.method == "PUT":
        return answer
    told = sorted((key, text.replace(thing, "ID")) for key, text in answer.headers)
    return answer.status_code, told, answer.text.replace(thing, "ID")
