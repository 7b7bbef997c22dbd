"""A client of the Kerbside HTTP API: one file that needs the standard library alone.

It imports nothing of this project, so you may copy it into your own:

    with Client("https://prices.example.org", key) as client:
        print(client.price({"bedrooms": 3, "zipcode": "98117", ...}))
"""

import asyncio
import contextlib
import http.client
import itertools
import json
import random
import socket
import ssl
import threading
import time
import uuid
from collections import abc, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self, TypedDict, TypeVar, Unpack, overload
from urllib.parse import quote, urlencode, urlsplit

#: Statuses that ask to come again: of the API, and of what may stand in front of it.
_LATER = frozenset({429, 502, 503, 504})
_FINE, _JSON = range(200, 300), "application/json"
#: Seconds: the first and the longest pause between tries, at most; the least time of a
#: try; what a request may wait for a price, and for its answer beyond that.
_PAUSE_S, _MAX_PAUSE_S, _LEAST_S, _LONG_POLL_S, _ANSWER_S = 0.1, 10.0, 1.0, 30, 10.0

_T = TypeVar("_T")
House = abc.Mapping[str, Any]
Houses = abc.Sequence[House]


class KerbsideError(Exception):
    """Root of all errors: ApiError, Unreachable, NotPriced, NotAllPriced."""

    #: Whether another house may fare better; if not, service or caller are at fault.
    is_about_house = False
    #: Of a submit: sent again with this key, a job that was taken is not doubled.
    idempotency_key: str | None = None


class ApiError(KerbsideError):
    """The API said no; the attributes are those of its problem document, RFC 9457."""

    def __init__(self, status: int, problem: abc.Mapping[str, Any]) -> None:
        self.status, self.problem = status, problem
        self.type = str(problem.get("type", "about:blank"))
        self.title = str(problem.get("title", http.client.responses.get(status)))
        self.detail = str(problem.get("detail", "this is no answer of Kerbside"))
        self.request_id = problem.get("request_id")
        #: What is wrong and where: each has a `pointer`, a `detail` and a `code`.
        self.errors: abc.Sequence[abc.Mapping[str, Any]] = problem.get("errors") or ()
        points = [f"{one.get('pointer')}: {one.get('detail')}" for one in self.errors]
        in_house = all(point.startswith("/input") for point in points)
        self.is_about_house = status in {400, 409, 413, 422} and in_house
        told = f"{self.title} ({status}): {'; '.join(points) or self.detail}"
        super().__init__(f"{told} [request {self.request_id or 'without id'}]")


class Unreachable(KerbsideError):
    """No answer came; whether a submit was taken is unknown."""


class NotPriced(KerbsideError):
    """The prediction failed or was canceled."""

    is_about_house = True

    def __init__(self, prediction: "Prediction") -> None:
        self.prediction = prediction
        why = prediction.error or prediction.raw.get("state_detail")
        super().__init__(f"Prediction {prediction.id} is {prediction.status}: {why}")


class NotFinished(NotPriced, TimeoutError):
    """The time is over; `prediction` is as last seen, and can be waited for again."""

    is_about_house = False


class NotAllPriced(KerbsideError):
    """Some of many houses have no price; `results` tells why in place of each."""

    def __init__(self, results: Any, errors: abc.Sequence[KerbsideError]) -> None:
        self.results, self.errors = results, errors
        super().__init__(f"{len(errors)} have no price; the first: {errors[0]}")


@dataclass(frozen=True, slots=True)
class Prediction:
    """A prediction as it stood when it was read; it has a price once it succeeded.

    `low` to `high` is to hold the share `level` of all sales, `fsd` is the forecast
    standard deviation as a share of the price, `confidence` is 0 to 100, `flags` tells
    as `feature:code` what is unusual, and `output` all that comes with the price.
    """

    id: str
    status: str
    error: str | None
    price: int | None
    low: int | None
    high: int | None
    currency: str | None
    level: float | None
    fsd: float | None
    confidence: int | None
    in_distribution: bool | None
    flags: str
    model_version: str
    output: abc.Mapping[str, Any] = field(repr=False, compare=False)
    raw: abc.Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: abc.Mapping[str, Any]) -> Self:
        """Read a prediction as the API sends it."""
        output = raw["output"] or {}
        flags = [(one["feature"], one["code"]) for one in output.get("flags", ())]
        found: Any = {**raw, **output, **output.get("interval", {})}
        found |= {"model_version": raw["version"], "output": output, "raw": raw}
        found["confidence"] = output.get("confidence", {}).get("score")
        found["flags"] = " ".join(f"{name or 'house'}:{code}" for name, code in flags)
        return cls(**{name: found.get(name) for name in cls.__match_args__})

    @property
    def has_ended(self) -> bool:
        """Tell whether it stays as it is, unless it is retried."""
        return self.status in {"succeeded", "failed", "canceled"}


#: What a table or file tells of each house: the price and what belongs to it.
RESULT_COLUMNS = (*Prediction.__match_args__[3:13], "prediction_id", "error")


def result_columns(result: Prediction | KerbsideError) -> dict[str, Any]:
    """Return what RESULT_COLUMNS hold of a house; None for what there is not."""
    seen = getattr(result, "prediction", result)
    columns = {name: getattr(seen, name, None) for name in RESULT_COLUMNS}
    error = str(result) if isinstance(result, KerbsideError) else None
    return columns | {"prediction_id": getattr(seen, "id", None), "error": error}


class Options(TypedDict, total=False):
    """What a submit may say: `version` is an alias or id, times are in seconds."""

    version: str
    explain: bool
    metadata: abc.Mapping[str, str]
    deadline: float
    idempotency_key: str
    wait_s: float


class Client(contextlib.AbstractContextManager["Client"]):
    """The API at `url` with a key; any number of threads may share one.

    What meets a network fault, 429, 502, 503 or 504 is tried again until a call has
    taken `timeout_s` seconds, waiting included. All tries of a submit have one
    idempotency key: they are one job. Of several houses, `concurrency` are priced at a
    time. Redirects are not followed, and proxies of the environment not used.
    """

    def __init__(
        self, url: str, key: str, *, timeout_s: float = 60.0, concurrency: int = 16
    ) -> None:
        place = urlsplit(url)
        is_known = place.scheme in {"http", "https"} and place.username is None
        if not (is_known and place.hostname and key.isascii() and key.isprintable()):
            raise ValueError("url must be http(s)://host[:port][/path], key one line")
        self.url, self.timeout_s, self.concurrency = url, timeout_s, concurrency
        is_tls = place.scheme == "https"
        kind = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
        #: Makes a connection; set another one for a proxy or a TLS context of yours.
        self.connect: abc.Callable[[], http.client.HTTPConnection]
        self.connect = partial(kind, place.hostname, place.port)
        self._root = place.path.rstrip("/") + "/v1/"
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": _JSON}
        self._made: set[http.client.HTTPConnection] = set()
        self._idle: deque[http.client.HTTPConnection] = deque()
        self._closed = threading.Event()

    def submit(self, house: House, **options: Unpack[Options]) -> Prediction:
        """Submit a house and return at once, or within `wait_s` with its price."""
        said: dict[str, Any] = {**options}
        key = said.pop("idempotency_key", "") or str(uuid.uuid4())
        wait_s = said.pop("wait_s", 0.0)
        said["input"] = {n: value for n, value in house.items() if _is_there(value)}
        body = json.dumps(said, default=lambda scalar: scalar.item())
        _, found = self._call("POST", "predictions", body, key, wait_s=wait_s)
        return Prediction.from_json(found)

    def get(self, prediction: Prediction | str) -> Prediction:
        """Read a prediction, a failed one like any other."""
        return Prediction.from_json(self._call("GET", _at(prediction))[1])

    def wait(
        self, prediction: Prediction | str, *, timeout_s: float | None = None
    ) -> Prediction:
        """Return a prediction once it has ended; in time, or NotFinished is raised."""
        seen = self.get(prediction) if isinstance(prediction, str) else prediction
        until = time.monotonic() + (self.timeout_s if timeout_s is None else timeout_s)
        while not seen.has_ended:
            left_s = max(until - time.monotonic(), _LEAST_S)
            try:
                pause_s, found = self._call("GET", _at(seen), wait_s=left_s)
            except KerbsideError as error:
                if isinstance(error, ApiError) and error.status not in _LATER:
                    raise
                raise NotFinished(seen) from error
            seen = Prediction.from_json(found)
            if not seen.has_ended and time.monotonic() + pause_s >= until:
                raise NotFinished(seen)
            self._closed.wait(0 if seen.has_ended else pause_s)
        return seen

    def cancel(self, prediction: Prediction | str) -> Prediction:
        """Cancel a prediction; one that has ended stays as it is."""
        return Prediction.from_json(self._call("POST", _at(prediction) + "/cancel")[1])

    def retry(self, prediction: Prediction | str) -> Prediction:
        """Have a failed or canceled prediction priced anew, under the same id."""
        self._call("POST", _at(prediction) + "/retry", done=409)
        return self.get(prediction)

    def delete(self, prediction: Prediction | str) -> None:
        """Have the house and its price removed."""
        self._call("DELETE", _at(prediction), done=410)

    def model(self, version: str = "champion") -> dict[str, Any]:
        """Return the card of a model version, with the features of its houses."""
        return self._call("GET", f"models/{quote(version, safe='')}")[1]

    def list(self, **filters: Any) -> abc.Iterator[Prediction]:
        """Yield all, or those of a `status`, `created_after` or `created_before`."""
        query = urlencode({"limit": 100, **filters}, doseq=True)
        while query:
            page = self._call("GET", f"predictions?{query}")[1]
            yield from map(Prediction.from_json, page["results"])
            query = urlsplit(page["next"] or "").query

    @overload
    def price(self, houses: House, **options: Unpack[Options]) -> Prediction: ...
    @overload
    def price(self, houses: Houses, **options: Any) -> abc.Sequence[Prediction]: ...
    @overload
    def price(self, houses: _T, **options: Any) -> _T: ...
    def price(
        self, houses: Any, *, errors: str = "raise", keys: Any = None, **options: Any
    ) -> Any:
        """Price a house, a sequence of them, or a DataFrame: submit, then wait.

        None and NaN count as absent. A house that fails or is canceled raises
        NotPriced. Several come back in order, a DataFrame with RESULT_COLUMNS added;
        its columns that are no features are not sent. When all are done, NotAllPriced
        is raised if some failed, unless `errors` is `keep`: then errors stand in the
        places of prices. Once the service itself fails, houses that were not sent yet
        share its error. `keys` are the idempotency keys of several.
        """
        if isinstance(houses, abc.Mapping):
            return self._priced(houses, "", options)
        is_table = hasattr(houses, "to_dict")
        rows = self._rows(houses, **options) if is_table else houses
        broken: deque[KerbsideError] = deque()

        def priced(house: House, key: str) -> Prediction | KerbsideError:
            try:
                return broken[0] if broken else self._priced(house, key, options)
            except KerbsideError as error:
                broken.extend([] if error.is_about_house else [error])
                return error

        with ThreadPoolExecutor(self.concurrency) as pool:
            found: Any = [*pool.map(priced, rows, keys or itertools.repeat(""))]
        failures = [one for one in found if isinstance(one, KerbsideError)]
        if is_table:
            cells = [result_columns(one) for one in found]
            found = houses.assign(**{n: [c[n] for c in cells] for n in RESULT_COLUMNS})
        if failures and errors == "raise":
            raise NotAllPriced(found, failures)
        return found

    def close(self) -> None:
        """Close all connections; calls under way end with an error."""
        self._closed.set()
        for connection in tuple(self._made):
            with contextlib.suppress(OSError, AttributeError):  # not connected yet
                connection.sock.shutdown(socket.SHUT_RDWR)
            connection.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _priced(self, house: House, key: str, options: Any) -> Prediction:
        until = time.monotonic() + self.timeout_s
        options = {"wait_s": self.timeout_s, "idempotency_key": key, **options}
        seen = self.submit(house, **options)
        seen = self.wait(seen, timeout_s=until - time.monotonic())
        if seen.status != "succeeded":
            raise NotPriced(seen)
        return seen

    def _rows(self, table: Any, version: str = "champion", **_: Any) -> Any:
        if taken := set(RESULT_COLUMNS).intersection(table.columns):
            raise ValueError(f"rename the columns {taken}: results have these names")
        features = self.model(version)["schema"]["features"]
        kinds = {feature["name"]: feature["kind"] for feature in features}
        return [
            {name: _fitting(row[name], kinds[name]) for name in row if name in kinds}
            for row in table.to_dict("records")
        ]

    def _call(
        self, method: str, path: str, *submit: str, wait_s: float = 0, done: int = 0
    ) -> tuple[int, dict[str, Any]]:
        until = time.monotonic() + (wait_s or self.timeout_s)
        body, key = submit or (None, None)
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        for tries in itertools.count(1):
            left_s = max(until - time.monotonic(), _LEAST_S)
            poll_s = min(_LONG_POLL_S, int(left_s - _LEAST_S / 2)) if wait_s else 0
            headers["Prefer"] = f"wait={poll_s}"
            limit_s = min(left_s, poll_s + _ANSWER_S)
            pause_s = random.uniform(0, min(_MAX_PAUSE_S, _PAUSE_S * 2**tries))  # noqa: S311 -- no secret
            try:
                status, rest_s, found = self._sent(limit_s, method, path, body, headers)
            except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
                fault: KerbsideError = Unreachable(f"{self.url}: {error!r}")
                is_lasting = isinstance(error, ssl.SSLCertVerificationError)
            else:
                # `done` tells a repeat that an earlier try, its answer lost, did it.
                if (found and status in _FINE) or status in {204, tries > 1 and done}:
                    return rest_s, found
                fault, is_lasting = ApiError(status, found), status not in _LATER
                pause_s = max(pause_s, rest_s)
            fault.idempotency_key, is_over = key, time.monotonic() + pause_s >= until
            if is_lasting or is_over or self._closed.wait(pause_s):
                raise fault
        raise AssertionError

    def _sent(
        self, timeout_s: float, method: str, path: str, *content: Any
    ) -> tuple[int, int, dict[str, Any]]:
        if self._closed.is_set():
            raise OSError("this client is closed")
        try:
            connection = self._idle.pop()
        except IndexError:
            self._made.add(connection := self.connect())
        connection.timeout = timeout_s
        try:
            if connection.sock is not None:
                connection.sock.settimeout(timeout_s)
            connection.request(method, self._root + path, *content)
            answer = connection.getresponse()
            told, text = answer.headers, answer.read()
        except BaseException:
            connection.close()  # it opens itself again
            raise
        finally:
            self._idle.append(connection)
        again = "" if "Preference-Applied" in told else told.get("Retry-After", "")
        found = json.loads(text) if "json" in told.get("Content-Type", "") else {}
        return answer.status, int(again) if again.isdecimal() else 0, found


def _at(prediction: Prediction | str) -> str:
    known = prediction if isinstance(prediction, str) else prediction.id
    return f"predictions/{quote(known, safe='')}"


def _is_there(value: Any) -> bool:
    return isinstance(value, str) or str(value) not in {"None", "nan", "NaT", "<NA>"}


def _fitting(value: Any, kind: str) -> Any:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a gap makes pandas keep whole numbers as floats
    return str(value) if kind == "category" and _is_there(value) else value


class AsyncClient(contextlib.AbstractAsyncContextManager["AsyncClient"]):
    """The verbs of `Client` as coroutines, each in a thread; `list` gives a list."""

    def __init__(self, url: str, key: str, **options: Any) -> None:
        self._client = Client(url, key, **options)

    def __getattr__(self, verb: str) -> abc.Callable[..., abc.Awaitable[Any]]:
        call = getattr(self._client, verb)
        if verb == "list":
            return partial(asyncio.to_thread, lambda **filters: [*call(**filters)])
        return partial(asyncio.to_thread, call)

    async def __aexit__(self, *_: object) -> None:
        self._client.close()
