"""The client: what the API offers, as methods."""

import copy
import http.client
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Self, TypeVar, Unpack, overload
from urllib.parse import quote, urlencode, urlsplit

from . import answers
from . import houses as forms
from . import sales as told
from . import table as tables
from .batch import Batch, Result
from .batches import Batches
from .calls import Call, Calls, done_before, read
from .errors import (
    ApiError,
    Interrupted,
    KerbsideError,
    NotAllPriced,
    NotFinished,
    NotPriced,
)
from .houses import House, Options, Row
from .line import Connect, Line, connecting
from .prediction import Prediction
from .properties import Properties
from .sales import Sale
from .verbs import (
    Filters,
    GivenTable,
    Houses,
    Keep,
    ManyOptions,
    OneOptions,
    Priced,
    Raise,
    SubmitOptions,
)

_T = TypeVar("_T")

#: Seconds between looks at a prediction that the API does not hold back, at least.
_LOOK_S = 0.1
#: Seconds that a last look may take though the time is over.
_LAST_LOOK_S = 1.0
#: Predictions that the API lists on a page, at most.
_PAGE = 100


class Client:
    """The API at a URL with a key; any number of threads may share one.

    What meets a network fault, 429, 502, 503 or 504 is tried again until the call has
    taken `timeout_s`. All tries of a submit have one idempotency key: they are one job.
    Redirects are not followed, and proxies of the environment are not used.

    Args:
        url: `http://` or `https://`, host, and perhaps a port and a path.
        key: API key.
        timeout_s: Seconds that a call may take in all: tries, pauses, waiting for a
            price, and answers that trickle. Apart are the look-up of the host, and one
            second for a last look at a prediction.
        concurrency: Of several houses, how many are under way at a time.
        on_retry: Is given each error after which a call is tried again, before the
            pause, in the thread of the call.

    Raises:
        ValueError: URL or key is none.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout_s: float = 60.0,
        concurrency: int = 16,
        on_retry: Callable[[KerbsideError], object] | None = None,
    ) -> None:
        place = urlsplit(url)
        is_known = place.scheme in {"http", "https"} and place.username is None
        if not (is_known and place.hostname and key.isascii() and key.isprintable()):
            raise ValueError("url must be http(s)://host[:port][/path], key one line")
        self.url, self.timeout_s, self.concurrency = url, timeout_s, concurrency
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        root = place.path.rstrip("/") + "/v1/"
        self._calls = Calls(url, root, headers, Line(connecting(place)), on_retry)

    @property
    def connect(self) -> Connect:
        """What makes a connection; set another one for a proxy or TLS of yours."""
        return self._calls.line.connect

    @connect.setter
    def connect(self, connect: Connect) -> None:
        self._calls.line.connect = connect

    @property
    def batches(self) -> Batches:
        """What the API does with many houses as one piece of work."""
        return Batches(self._calls, self.timeout_s)

    @property
    def properties(self) -> Properties:
        """What the API does with houses whose prices are kept ready."""
        return Properties(self._calls, self.timeout_s, self.wait)

    def submit(
        self, house: House | Row, **options: Unpack[SubmitOptions]
    ) -> Prediction:
        """Submit a house; return at once, or within `wait_s` with its price.

        Args:
            house: Values by feature; None and NaN count as absent.
            options: See `SubmitOptions`.

        Raises:
            WrongHouse: JSON cannot hold the house; nothing was sent.
            ApiError: The API refused it.
            Unreachable: No answer came; the same `idempotency_key` may be sent again.
        """
        said: dict[str, Any] = {**options}
        key, wait_s = said.pop("idempotency_key", None), said.pop("wait_s", 0.0)
        return self._seen(_submit(house, key, said, wait_s), self._until())[0]

    def get(self, prediction: Prediction | str) -> Prediction:
        """Read a prediction, a failed one like any other.

        Args:
            prediction: It or its id.
        """
        return self._seen(Call("GET", _path(prediction)), self._until())[0]

    def wait(
        self, prediction: Prediction | str, *, timeout_s: float | None = None
    ) -> Prediction:
        """Return a prediction once it has ended.

        Args:
            prediction: It or its id.
            timeout_s: Seconds, and one more for a last look; by default the client's.

        Raises:
            NotFinished: The time is over; it can be waited for again.
        """
        until = self._until(timeout_s)
        seen = self.get(prediction) if isinstance(prediction, str) else prediction
        return self._ended(seen, until)

    def cancel(self, prediction: Prediction | str) -> Prediction:
        """Cancel a prediction; one that has ended stays as it is."""
        call = Call("POST", _path(prediction) + "/cancel")
        return self._seen(call, self._until())[0]

    def retry(self, prediction: Prediction | str) -> Prediction:
        """Have a failed or canceled prediction priced anew, under the same id."""
        until = self._until()
        with done_before(http.HTTPStatus.CONFLICT):
            self._calls.answer(Call("POST", _path(prediction) + "/retry"), until=until)
        return self._seen(Call("GET", _path(prediction)), until)[0]

    def delete(self, prediction: Prediction | str) -> None:
        """Have the house and its price removed."""
        with done_before(http.HTTPStatus.GONE):
            self._calls.answer(Call("DELETE", _path(prediction)), until=self._until())

    def model(self, version: str = "champion") -> dict[str, Any]:
        """Return the card of a model version, with the features of its houses.

        Args:
            version: Alias or id.
        """
        call = Call("GET", f"models/{quote(version, safe='')}")
        return read(answers.card, self._calls.answer(call, until=self._until()))

    def webhook_secret(self) -> str:
        """Return the secret that signs the events of submits with a `webhook`."""
        call = Call("GET", "webhooks/default/secret")
        return read(answers.secret, self._calls.answer(call, until=self._until()))

    def outcomes(self, sales: Iterable[Sale]) -> Sequence[dict[str, Any]]:
        """Tell what houses were sold for; the same again changes nothing.

        Args:
            sales: At most 1,000; all are written, or none.

        Returns:
            What the API says of each; `became` is `new`, `correction` or `known`.

        Raises:
            WrongHouse: JSON cannot hold a sale; nothing was sent.
            ApiError: The API refused them; its `errors` say which.
        """
        call = Call("POST", "outcomes", told.body(sales))
        return read(answers.outcomes, self._calls.answer(call, until=self._until()))

    def withdraw(self, outcome_id: str) -> None:
        """Have all that was told of a sale removed, by the id that `outcomes` told."""
        path = f"outcomes/{quote(outcome_id, safe='')}"
        self._calls.answer(Call("DELETE", path), until=self._until())

    def list(self, **filters: Unpack[Filters]) -> Iterator[Prediction]:
        """Yield predictions, the newest first; see `Filters`."""
        query = urlencode({"limit": _PAGE, **filters}, doseq=True)
        while query:
            call = Call("GET", f"predictions?{query}")
            answer = self._calls.answer(call, until=self._until())
            found, query = read(answers.page, answer)
            yield from found

    @overload
    def price(
        self,
        houses: GivenTable,
        *,
        errors: Raise | Keep = ...,
        **more: Unpack[ManyOptions],
    ) -> GivenTable: ...
    @overload
    def price(
        self, houses: House | Row, *, errors: Raise = ..., **more: Unpack[OneOptions]
    ) -> Prediction: ...
    @overload
    def price(
        self, houses: House | Row, *, errors: Keep, **more: Unpack[OneOptions]
    ) -> Priced: ...
    @overload
    def price(
        self,
        houses: Houses,
        *,
        errors: Raise = ...,
        **more: Unpack[ManyOptions],
    ) -> Sequence[Prediction]: ...
    @overload
    def price(
        self,
        houses: Houses,
        *,
        errors: Keep,
        **more: Unpack[ManyOptions],
    ) -> Sequence[Priced]: ...
    def price(self, houses: Any, *, errors: str = "raise", **more: Any) -> Any:
        """Submit a house, several of them or a table, and wait for the prices.

        None and NaN count as absent. Several come back in order; a table comes back
        with RESULT_COLUMNS added. Of a table the columns that are no features of the
        model are not sent, and one model version prices all rows. Once the service
        itself fails, houses that were not sent yet share its error.

        Args:
            houses: Values by feature, as a mapping or a Series; several of them; or a
                DataFrame.
            errors: With `keep`, errors stand in the places of prices.
            more: See `OneOptions` and `ManyOptions`.

        Raises:
            KerbsideError: One house has no price: NotPriced, or what `submit` raises.
            NotAllPriced: All are done and some of several have no price.
            Interrupted: Ctrl-C while several were priced: houses that were not sent
                yet are not, and calls under way were ended.
            ValueError: The table does not fit the model version, `keys` are not as many
                as the houses, or several houses got one `idempotency_key`.
        """
        options: Any = more
        keys = options.pop("keys", None)
        key = options.pop("idempotency_key", None)
        if forms.is_house(houses):
            if keys is not None:
                raise ValueError("one house takes an idempotency_key, not keys")
            return self._price_one(houses, key, options, errors=errors)
        if key is not None:
            raise ValueError("several houses take keys, not one idempotency_key")
        if hasattr(houses, "to_dict"):
            return self._price_table(houses, keys, options, errors=errors)
        batch = Batch([*houses], keys, kept=_itself)
        return self._price_batch(batch, options, errors=errors, whole=_itself)

    def branch(self) -> Self:
        """Return a client on the same connections that may be closed by itself."""
        branch = copy.copy(self)
        branch._calls = self._calls.branch()  # noqa: SLF001 -- of this class
        return branch

    def close(self) -> None:
        """Close all connections; calls under way end with an error, as later ones."""
        self._calls.line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _until(self, timeout_s: float | None = None) -> float:
        """Return when a call that begins now is to be over."""
        return time.monotonic() + (self.timeout_s if timeout_s is None else timeout_s)

    def _seen(self, call: Call, until: float) -> tuple[Prediction, int]:
        """Return a prediction, and the seconds before the next look at it."""
        answer = self._calls.answer(call, until=until)
        return read(Prediction.from_json, answer), answer.retry_after_s

    def _ended(self, seen: Prediction, until: float) -> Prediction:
        while not seen.has_ended:
            seen, pause_s = self._looked_again(seen, until)
            if seen.has_ended:
                break
            if time.monotonic() + pause_s >= until:
                raise NotFinished(seen)
            self._calls.line.closed.wait(pause_s)
        return seen

    def _looked_again(self, seen: Prediction, until: float) -> tuple[Prediction, float]:
        """Look at a prediction, and return the pause before the next look, too."""
        now = time.monotonic()
        call = Call("GET", _path(seen), hold_s=until - now)
        try:
            seen, pause_s = self._seen(call, max(until, now + _LAST_LOOK_S))
        except KerbsideError as error:
            if isinstance(error, ApiError) and not error.may_pass:
                raise
            raise NotFinished(seen) from error
        return seen, max(pause_s, _LOOK_S)

    def _priced(self, house: Any, key: str | None, options: Options) -> Prediction:
        until = self._until()
        call = _submit(house, key, options, self.timeout_s)
        seen = self._ended(self._seen(call, until)[0], until)
        if seen.status != "succeeded":
            raise NotPriced(seen)
        return seen

    def _price_one(
        self, house: Any, key: str | None, options: Options, *, errors: str
    ) -> Result:
        try:
            return self._priced(house, key, options)
        except KerbsideError as error:
            if errors == "keep":
                return error
            raise

    def _price_table(
        self, table: Any, keys: Any, options: Options, *, errors: str
    ) -> Any:
        """Price the rows of a table, all by the version that is asked for now."""
        rows = tables.records(table)
        if rows:
            card = self.model(options.get("version", "champion"))
            kinds = tables.kinds(rows[0], card["schema"]["features"])
            rows = [tables.house(row, kinds) for row in rows]
            options = {**options, "version": card["version"]}
        batch = Batch(rows, keys, kept=tables.cells)
        whole = partial(tables.with_results, table)
        return self._price_batch(batch, options, errors=errors, whole=whole)

    def _price_batch(
        self,
        batch: Batch,
        options: Options,
        *,
        errors: str,
        whole: Callable[[Any], Any],
    ) -> Any:
        """Return what `whole` makes of the results of a batch."""
        branch = self.branch()

        def price(house: Any, key: str | None) -> Prediction:
            return branch._priced(house, key, options)  # noqa: SLF001 -- of this class

        try:
            batch.run(price, threads=self.concurrency, stop=branch.close)
        except KeyboardInterrupt as interrupt:
            raise Interrupted(whole(batch.results)) from interrupt
        results = whole(batch.results)
        if batch.errors and errors == "raise":
            raise NotAllPriced(results, batch.errors)
        return results


def _submit(
    house: Any, key: str | None, options: Mapping[str, Any], hold_s: float
) -> Call:
    body = forms.body(house, options)
    key = str(uuid.uuid4()) if key is None else forms.checked_key(key)
    return Call("POST", "predictions", body, key, hold_s)


def _path(prediction: Prediction | str) -> str:
    known = prediction if isinstance(prediction, str) else prediction.id
    return f"predictions/{quote(known, safe='')}"


def _itself(found: _T) -> _T:
    return found
