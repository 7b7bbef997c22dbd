"""Laws of the client, against a server that answers by a script."""

import asyncio
import ipaddress
import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

from api import client as client_module
from api.client import (
    ApiError,
    AsyncClient,
    Client,
    KerbsideError,
    NotAllPriced,
    NotFinished,
    NotPriced,
    Prediction,
    Unreachable,
)
from tests.api.conftest import OUTPUT

KEY = "kb_0123_secret"
HOUSE = {"bedrooms": 3, "zipcode": "98117"}


@dataclass(frozen=True)
class Reply:
    """An answer, or what happens instead of one."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Bytes of the body after which the connection ends; None sends all.
    cut_after: int | None = None


DROPPED = Reply(cut_after=-1)
BUSY = Reply(503, {"title": "Queue full", "detail": "later"}, {"Retry-After": "0"})


@dataclass(frozen=True)
class Request:
    """What the client sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


class Script(ThreadingHTTPServer):
    """Answers with the next reply, or with what a function makes of the request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[Reply] = []
        self.requests: list[Request] = []
        self.connections = 0
        self.answer: Callable[[Request], Reply] = lambda _: self.replies.pop(0)

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.server_port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count connections."""
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Script

    def do_GET(self) -> None:
        """Answer any method."""
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(
            self.command,
            self.path,
            dict(self.headers),
            json.loads(text) if text else None,
        )
        self.server.requests.append(request)
        self._send(self.server.answer(request))

    do_POST = do_DELETE = do_GET  # noqa: N815 -- the names that http.server looks for

    def _send(self, reply: Reply) -> None:
        is_text = isinstance(reply.body, str)
        body = reply.body.encode() if is_text else json.dumps(reply.body).encode()
        content = {"Content-Type": "text/html" if is_text else "application/json"}
        if reply.cut_after == -1:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in {**content, **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: reply.cut_after])
        if reply.cut_after is not None:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Script]:
    """Run a server that answers by a script."""
    server = Script()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(server: Script) -> Iterator[Client]:
    """Return a client of that server."""
    with Client(server.url, KEY, timeout_s=5, concurrency=4) as client:
        yield client


def prediction(status: str = "succeeded", **fields: Any) -> dict[str, Any]:
    """Return a prediction as the API sends it."""
    output = OUTPUT if status == "succeeded" else None
    base = {"id": "p1", "status": status, "version": "v1", "error": None}
    return {**base, "output": output, "state_detail": None, **fields}


def created(**fields: Any) -> Reply:
    """Return the answer to a submit that has its price already."""
    return Reply(201, prediction(**fields), {"Preference-Applied": "wait=4"})


def refused(pointer: str) -> Reply:
    """Return the answer to a submit that is not valid."""
    errors = [{"pointer": pointer, "detail": "Unknown field", "code": "unknown_field"}]
    problem = {"type": "urn:kerbside:problem:invalid-submission", "title": "Not valid"}
    return Reply(422, {**problem, "errors": errors, "request_id": "r1", "detail": "no"})


def model(**kinds: str) -> Reply:
    """Return what the API tells of a model version."""
    features = [{"name": name, "kind": kind} for name, kind in kinds.items()]
    return Reply(body={"version": "v1", "schema": {"features": features}})


def priced_by_bedrooms(request: Request) -> Reply:
    """Answer a submit with a price that tells which house it was for."""
    price = request.body["input"]["bedrooms"] * 1000
    return created(id=f"p{price}", output={**OUTPUT, "price": price})


def test_the_file_works_alone(tmp_path: Path) -> None:
    """Copied elsewhere it loads nothing but the standard library."""
    shutil.copy(client_module.__file__, tmp_path / "prices.py")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; import prices; "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )

    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()

    assert set(loaded) - sys.stdlib_module_names == {"prices", "__main__"}


def test_a_submit_says_all_that_was_said(server: Script, client: Client) -> None:
    """House, options, key of the API and idempotency key are sent as they are."""
    server.replies = [Reply(202, prediction("starting"), {"Retry-After": "1"})]

    seen = client.submit(
        HOUSE, version="v1", explain=True, metadata={"a": "b"}, idempotency_key="k1"
    )

    (request,) = server.requests
    assert (seen.status, seen.price, seen.has_ended) == ("starting", None, False)
    assert (request.method, request.path) == ("POST", "/v1/predictions")
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Idempotency-Key"] == "k1"
    assert request.body == {
        "input": HOUSE,
        "version": "v1",
        "explain": True,
        "metadata": {"a": "b"},
    }


def test_lost_answers_make_one_job(server: Script, client: Client) -> None:
    """The server took the submit each time; all tries have the same key and body."""
    server.replies = [DROPPED, BUSY, Reply(502, "<html>"), created()]

    assert client.price(HOUSE).price == OUTPUT["price"]

    assert len(server.requests) == 4
    assert len({request.headers["Idempotency-Key"] for request in server.requests}) == 1
    assert [request.body for request in server.requests] == [{"input": HOUSE}] * 4


def test_two_submits_have_two_keys(server: Script, client: Client) -> None:
    """The same house may be submitted again."""
    server.replies = [created(), created()]

    client.submit(HOUSE)
    client.submit(HOUSE)

    keys = {request.headers["Idempotency-Key"] for request in server.requests}
    assert len(keys) == 2


@pytest.mark.parametrize("cut_after", [0, 40])
def test_an_answer_that_breaks_off_is_asked_for_again(
    server: Script, client: Client, cut_after: int
) -> None:
    """The connection ends after the headers, or in the middle of the body."""
    server.replies = [
        Reply(body=prediction(), cut_after=cut_after),
        Reply(body=prediction()),
    ]

    assert client.get("p1").price == OUTPUT["price"]
    assert len(server.requests) == 2


def test_a_connection_is_kept_and_replaced_when_the_server_closed_it(
    server: Script, client: Client
) -> None:
    """Many calls share one; after a silent end the next call makes another."""
    server.answer = lambda _: Reply(body=prediction())
    for _ in range(5):
        client.get("p1")
    assert server.connections == 1

    server.answer = lambda _: Reply(body=prediction(), cut_after=5000)
    client.get("p1")
    server.answer = lambda _: Reply(body=prediction())

    assert client.get("p1").id == "p1"
    assert server.connections == 2


def test_nothing_there_is_told_within_the_time() -> None:
    """A refused connection is tried again, then it is told with the key to go on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    with Client(url, KEY, timeout_s=0.3) as client, pytest.raises(Unreachable) as told:
        client.submit(HOUSE, idempotency_key="k1")

    assert url in str(told.value)
    assert told.value.idempotency_key == "k1"
    assert not told.value.is_about_house


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 500])
def test_a_no_is_not_asked_again(server: Script, client: Client, status: int) -> None:
    """Only what may pass is worth a repeat."""
    server.replies = [Reply(status, {"title": "No", "detail": "never"})]

    with pytest.raises(ApiError, match=r"No \(\d+\): never") as told:
        client.get("p1")

    assert told.value.status == status
    assert len(server.requests) == 1


def test_a_problem_is_told_with_its_pointers(server: Script, client: Client) -> None:
    """Each member of the document is an attribute; the message says what is where."""
    server.replies = [refused("/input/bedroms")]

    with pytest.raises(ApiError) as told:
        client.submit(HOUSE)

    problem = told.value
    assert (problem.status, problem.title, problem.detail) == (422, "Not valid", "no")
    assert problem.type == "urn:kerbside:problem:invalid-submission"
    assert problem.errors[0]["code"] == "unknown_field"
    assert problem.is_about_house
    assert "/input/bedroms: Unknown field" in str(problem)
    assert "r1" in str(problem)


@pytest.mark.parametrize("status", [200, 404])
def test_html_is_no_answer(server: Script, client: Client, status: int) -> None:
    """Another server's page is an error that asks for the address, not a traceback."""
    server.replies = [Reply(status, "<html>")]

    with pytest.raises(ApiError, match="no answer of Kerbside"):
        client.get("p1")


def test_a_redirect_is_not_followed(server: Script, client: Client) -> None:
    """The key goes to no other host."""
    other = Script()
    server.replies = [Reply(307, "", {"Location": other.url})]

    with other, pytest.raises(ApiError, match="307"):
        client.get("p1")

    other.socket.close()
    assert other.requests == []


def test_a_wait_sees_a_job_through_faults(server: Script, client: Client) -> None:
    """Long polls are repeated until the end, whatever the service meets meanwhile."""
    server.replies = [
        Reply(202, prediction("starting")),
        Reply(body=prediction("processing"), headers={"Preference-Applied": "wait=4"}),
        BUSY,
        DROPPED,
        Reply(body=prediction()),
    ]

    assert client.price(HOUSE).price == OUTPUT["price"]

    polls = server.requests[1:]
    assert {request.path for request in polls} == {"/v1/predictions/p1"}
    assert all(request.headers["Prefer"].startswith("wait=") for request in polls)


def test_what_does_not_end_in_time_can_be_waited_for_again(
    server: Script, client: Client
) -> None:
    """The error carries the prediction as last seen."""
    server.answer = lambda _: Reply(body=prediction("processing"))

    with pytest.raises(NotFinished) as told:
        client.wait("p1", timeout_s=0.1)

    assert told.value.prediction.status == "processing"
    server.answer = lambda _: Reply(body=prediction())
    assert client.wait(told.value.prediction).has_ended


def test_a_wait_through_an_outage_ends_with_what_was_seen(
    server: Script, client: Client
) -> None:
    """A service that does not come back loses nothing."""
    server.answer = lambda _: BUSY
    seen = Prediction.from_json(prediction("starting"))

    with pytest.raises(NotFinished) as told:
        client.wait(seen, timeout_s=0.2)

    assert told.value.prediction is seen
    assert isinstance(told.value.__cause__, ApiError)


def test_a_wait_for_what_was_removed_says_so(server: Script, client: Client) -> None:
    """What will never end is not waited for."""
    server.replies = [Reply(410, {"title": "Prediction removed", "detail": "gone"})]

    with pytest.raises(ApiError, match="removed"):
        client.wait(Prediction.from_json(prediction("starting")))


def test_a_failed_prediction_raises_from_price_alone(
    server: Script, client: Client
) -> None:
    """To read one is fine; to want its price is not."""
    failed = prediction("failed", error="The model raised.")
    server.answer = lambda _: Reply(body=failed)

    assert client.get("p1").error == "The model raised."
    with pytest.raises(NotPriced, match=r"p1 is failed: The model raised\.") as told:
        client.price(HOUSE)
    assert told.value.prediction.status == "failed"


def test_a_cancel_reads_what_came_of_it(server: Script, client: Client) -> None:
    """The answer is the prediction as it is now."""
    server.replies = [Reply(body=prediction("canceled"))]

    assert client.cancel("p1").status == "canceled"
    assert server.requests[0].path == "/v1/predictions/p1/cancel"


def test_a_retry_whose_answer_was_lost_has_been_done(
    server: Script, client: Client
) -> None:
    """The repeat is told that the prediction is live, and that is what was wanted."""
    live = Reply(409, {"title": "Not to be retried", "detail": "it is live"})
    server.replies = [DROPPED, live, Reply(body=prediction("processing")), live]

    assert client.retry("p1").status == "processing"
    with pytest.raises(ApiError, match="live"):
        client.retry("p1")


def test_a_delete_whose_answer_was_lost_has_been_done(
    server: Script, client: Client
) -> None:
    """The repeat finds nothing left, and that is what was wanted."""
    gone = Reply(410, {"title": "Prediction removed", "detail": "deleted"})
    server.replies = [Reply(204, ""), DROPPED, gone, gone]

    client.delete("p1")
    client.delete("p1")
    with pytest.raises(ApiError, match="removed"):
        client.delete("p1")


def test_an_id_stays_in_its_place(server: Script, client: Client) -> None:
    """No text that is taken for an id reaches another address."""
    server.replies = [Reply(404, {"title": "No such prediction"})]

    with pytest.raises(ApiError):
        client.get("../keys?a=b")

    assert server.requests[0].path == "/v1/predictions/..%2Fkeys%3Fa%3Db"


def test_a_list_is_read_page_by_page(server: Script, client: Client) -> None:
    """The next page is asked of the same server, wherever its link leads."""
    pages = [
        {"results": [prediction(id="p1")], "next": "https://other.org/v1/x?cursor=o2"},
        {"results": [prediction(id="p2")], "next": None},
    ]
    server.replies = [Reply(body=page) for page in pages]

    found = client.list(status="succeeded", created_after="2026-01-02T03:04:05Z")

    assert [one.id for one in found] == ["p1", "p2"]
    first, second = (request.path for request in server.requests)
    assert "status=succeeded" in first
    assert "created_after=2026-01-02T03%3A04%3A05Z" in first
    assert second == "/v1/predictions?cursor=o2"


def test_many_houses_come_back_in_order(server: Script, client: Client) -> None:
    """However they are spread over connections."""
    server.answer = priced_by_bedrooms
    houses = [{"bedrooms": number} for number in range(50)]

    prices = [one.price for one in client.price(houses)]

    assert prices == [number * 1000 for number in range(50)]
    assert server.connections <= 4


def test_one_refused_house_does_not_lose_the_others(
    server: Script, client: Client
) -> None:
    """The error comes when all are done, and holds all; or it stands in its place."""
    server.answer = lambda request: (
        refused("/input/bedrooms")
        if request.body["input"]["bedrooms"] == 2
        else priced_by_bedrooms(request)
    )
    houses = [{"bedrooms": number} for number in range(1, 4)]

    with pytest.raises(NotAllPriced, match="1 have no price") as told:
        client.price(houses)
    kept: Any = client.price(houses, errors="keep")

    for results in (told.value.results, kept):
        assert [getattr(one, "price", None) for one in results] == [1000, None, 3000]
        assert isinstance(results[1], ApiError)


def test_a_refused_key_ends_it_for_all(server: Script, client: Client) -> None:
    """A service that fails is not asked a thousand times; each house has its error."""
    server.answer = lambda _: Reply(401, {"title": "API key not valid"})
    houses = [{"bedrooms": number} for number in range(1000)]

    found: Any = client.price(houses, errors="keep")

    assert len(found) == 1000
    assert {one.status for one in found} == {401}
    assert len(server.requests) <= 4


def test_a_table_comes_back_with_its_prices(server: Script, client: Client) -> None:
    """Same kind, index and columns; gaps are absent, kinds are those of the schema."""
    kinds = {"bedrooms": "integer", "view": "integer", "zipcode": "category"}
    server.answer = lambda request: (
        model(**kinds) if request.method == "GET" else priced_by_bedrooms(request)
    )
    table = pd.DataFrame(
        {
            "id": [7, 8],
            "bedrooms": [2, 3],
            "view": [1, None],
            "zipcode": [98117, 98118],
        },
        index=["a", "b"],
    )

    priced = client.price(table)

    sent = sorted(
        (request.body["input"] for request in server.requests[1:]),
        key=lambda house: int(house["bedrooms"]),
    )
    assert sent == [
        {"bedrooms": 2, "view": 1, "zipcode": "98117"},
        {"bedrooms": 3, "zipcode": "98118"},
    ]
    pd.testing.assert_frame_equal(priced[table.columns], table)
    assert priced["price"].tolist() == [2000, 3000]
    assert priced["prediction_id"].tolist() == ["p2000", "p3000"]
    assert priced["flags"].iloc[0] == "sqft_lot:above_sales house:unlike_sales"
    assert priced["error"].isna().all()


def test_a_table_keeps_its_own_price(server: Script, client: Client) -> None:
    """Columns are never overwritten; nothing is submitted before that is known."""
    with pytest.raises(ValueError, match="price"):
        client.price(pd.DataFrame({"price": [1], "bedrooms": [2]}))

    assert server.requests == []


def test_a_table_with_a_refused_row_tells_why_in_it(
    server: Script, client: Client
) -> None:
    """The row has an error in place of a price."""
    server.answer = lambda request: (
        model(bedrooms="integer")
        if request.method == "GET"
        else refused("/input/bedrooms")
    )

    with pytest.raises(NotAllPriced) as told:
        client.price(pd.DataFrame({"bedrooms": [2]}))

    assert "/input/bedrooms" in told.value.results["error"][0]


def test_scalars_of_numpy_are_plain_numbers(server: Script, client: Client) -> None:
    """A row of a table can be priced as it is."""
    server.answer = priced_by_bedrooms
    row = pd.DataFrame({"bedrooms": [2], "sqft": [1.5], "gap": [None]}).iloc[0]

    client.price(dict(row))

    assert server.requests[0].body["input"] == {"bedrooms": 2, "sqft": 1.5}


def test_a_closed_client_ends_what_is_under_way(server: Script) -> None:
    """A thread that waits for an answer does not hold up the end of a program."""
    asked, done = threading.Event(), threading.Event()

    def hang(request: Request) -> Reply:
        asked.set()
        done.wait(30)
        return DROPPED

    server.answer = hang
    client = Client(server.url, KEY)
    errors: list[KerbsideError] = []

    def get() -> None:
        try:
            client.get("p1")
        except KerbsideError as error:
            errors.append(error)

    thread = threading.Thread(target=get)
    thread.start()
    assert asked.wait(10)
    client.close()
    thread.join(10)
    done.set()

    assert [type(error) for error in errors] == [Unreachable]


def test_coroutines_do_the_same(server: Script) -> None:
    """Each verb of the client can be awaited."""
    server.answer = lambda request: (
        Reply(body={"results": [prediction()], "next": None})
        if "limit" in request.path
        else created()
    )

    async def use() -> list[Any]:
        async with AsyncClient(server.url, KEY) as client:
            priced = await asyncio.gather(*(client.price(HOUSE) for _ in range(5)))
            return [*priced, await client.get("p1"), *await client.list()]

    assert {one.price for one in asyncio.run(use())} == {OUTPUT["price"]}


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("prices.example.org", KEY),
        ("ftp://prices.example.org", KEY),
        ("http://user:pw@prices.example.org", KEY),
        ("http://prices.example.org", f"{KEY}\n"),
        ("http://prices.example.org", f"{KEY}\xe9"),
    ],
)
def test_an_address_or_a_key_that_is_none_is_told_at_once(url: str, key: str) -> None:
    """Nothing of it is repeated: it may be secret."""
    with pytest.raises(ValueError, match="url must be") as told:
        Client(url, key)

    assert "secret" not in str(told.value)
    assert "pw" not in str(told.value)


def test_no_representation_holds_the_key(server: Script, client: Client) -> None:
    """Objects and errors may be logged."""
    server.replies = [Reply(401, {"title": "API key not valid"})]
    with pytest.raises(ApiError) as told:
        client.get("p1")

    seen = Prediction.from_json(prediction())
    assert KEY not in repr([client, told.value, seen])
    assert repr(OUTPUT["price"]) in repr(seen)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a certificate that no authority vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "prices")])
    now = datetime.now(UTC)
    place = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([place]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "prices.pem"
    secret = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path


def test_a_certificate_is_verified(server: Script, certificate: Path) -> None:
    """A server that nobody vouches for gets no key; an authority of one's own may."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.replies = [Reply(body=prediction())]
    url = server.url.replace("http:", "https:")

    with Client(url, KEY) as client, pytest.raises(Unreachable, match="CERTIFICATE"):
        client.get("p1")
    assert server.requests == []
    with Client(url, KEY) as client:
        client.connect = lambda: HTTPSConnection(
            *("127.0.0.1", server.server_port),
            context=ssl.create_default_context(cafile=certificate),
        )
        assert client.get("p1").id == "p1"


def test_the_environments_proxies_are_not_used(
    server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key goes where it was said to go; a proxy is asked for by `connect`."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    server.replies = [Reply(body=prediction())]

    with Client(server.url, KEY, timeout_s=1) as client:
        assert client.get("p1").id == "p1"
