"""The properties of the API: houses under ids of your own, and prices kept ready."""

import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypedDict, Unpack
from urllib.parse import quote

from . import houses, pages
from .calls import Call, Calls, done_before, read
from .errors import NotFinished, NotPriced
from .houses import House, Row
from .line import Answer
from .prediction import Prediction

#: Seconds between looks for a price that was made, and is being kept.
_LOOK_S = 0.2


class PropertyOptions(TypedDict, total=False):
    """What may be said of a property beside its house.

    Attributes:
        max_age: Seconds after which its price is stale; by age alone none is, if it is
            not said.
        metadata: Labels of your own.
    """

    max_age: int
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Property:
    """A property as it stood when it was read.

    Attributes:
        id: Yours.
        model: Name of the model that prices it.
        input: The house.
        updated_at: When it was changed last.
        raw: The whole answer; in a list, `valuation` has its newest price.
    """

    id: str
    model: str
    input: Mapping[str, Any]
    updated_at: str
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read a property as the API sends it."""
        return cls(raw["id"], raw["model"], raw["input"], raw["updated_at"], raw)


@dataclass(frozen=True, slots=True)
class Valuation:
    """A price of a property that was kept.

    Attributes:
        price: In `currency`, whole.
        low: Least price of the range.
        high: Greatest price of the range.
        currency: ISO 4217.
        model_version: Id of the model version that made it.
        valued_at: When.
        stale_because: Why it is to be made anew: `max_age`, `model`, `input`; empty
            where it is not.
        change: In a history, its price less that of the one before; else None.
        raw: The whole answer.
    """

    price: int
    low: int
    high: int
    currency: str
    model_version: str
    valued_at: str
    stale_because: tuple[str, ...]
    change: int | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read a valuation as the API sends it."""
        output = raw["output"]
        return cls(
            price=output["price"],
            low=output["interval"]["low"],
            high=output["interval"]["high"],
            currency=output["currency"],
            model_version=raw["version"],
            valued_at=raw["valued_at"],
            stale_because=tuple(raw.get("stale_because", ())),
            change=raw.get("change"),
            raw=raw,
        )


class Properties:
    """What the API does with properties; `Client.properties` makes one.

    Args:
        calls: Of the API.
        timeout_s: Seconds that a call may take in all.
        wait: Returns a prediction once it has ended, as `Client.wait` does.
    """

    def __init__(
        self, calls: Calls, timeout_s: float, wait: Callable[..., Prediction]
    ) -> None:
        self._calls, self._timeout_s, self._wait = calls, timeout_s, wait

    def put(
        self, property_id: str, house: House | Row, **options: Unpack[PropertyOptions]
    ) -> Property:
        """Keep a house under an id of yours, and have it valued; the last put counts.

        Args:
            property_id: Letters, digits and `._~:-`.
            house: Values by feature; None and NaN count as absent.
            options: See `PropertyOptions`.

        Raises:
            WrongHouse: JSON cannot hold the house; nothing was sent.
            ApiError: The API refused it.
        """
        call = Call("PUT", _path(property_id), houses.body(house, options))
        return read(Property.from_json, self._answer(call))

    def get(self, property_id: str) -> Property:
        """Read a property."""
        return read(Property.from_json, self._answer(Call("GET", _path(property_id))))

    def delete(self, property_id: str) -> None:
        """Have a property, its prices and its sales removed."""
        with done_before(http.HTTPStatus.NOT_FOUND):
            self._answer(Call("DELETE", _path(property_id)))

    def list(self) -> Iterator[Property]:
        """Yield your properties by their ids; `raw` has the newest price of each."""
        return pages.elements(self._answer, "properties", Property.from_json)

    def history(self, property_id: str) -> Iterator[Valuation]:
        """Yield the prices that a property had, the newest first."""
        path = f"{_path(property_id)}/valuations"
        return pages.elements(self._answer, path, Valuation.from_json)

    def valuation(self, property_id: str, *, refresh: bool = False) -> Valuation:
        """Return the price that is kept; where there is none yet, wait for one.

        Args:
            property_id: Which property.
            refresh: Have a new price made however fresh the one kept is.

        Raises:
            NotPriced: The prediction that was to make it failed.
            NotFinished: The time is over.
        """
        until, path = self._until(), f"{_path(property_id)}/valuation"
        query = "?refresh=true" if refresh else ""
        answer = self._calls.answer(Call("GET", path + query), until=until)
        if answer.status != http.HTTPStatus.ACCEPTED:
            return read(Valuation.from_json, answer)
        seen = read(Prediction.from_json, answer)
        made = self._wait(seen, timeout_s=max(0.0, until - time.monotonic()))
        if made.status != "succeeded":
            raise NotPriced(made)
        return self._kept(path, made, until)

    def _kept(self, path: str, made: Prediction, until: float) -> Valuation:
        """Return the price of a prediction, or a later one, once it is kept."""
        while True:
            answer = self._calls.answer(Call("GET", path), until=until)
            if answer.status == http.HTTPStatus.OK:
                found = read(Valuation.from_json, answer)
                if found.valued_at >= made.raw["completed_at"]:
                    return found
            if time.monotonic() + _LOOK_S >= until:
                raise NotFinished(made)
            self._calls.line.closed.wait(_LOOK_S)

    def _answer(self, call: Call) -> Answer:
        return self._calls.answer(call, until=self._until())

    def _until(self) -> float:
        return time.monotonic() + self._timeout_s


def _path(property_id: str) -> str:
    return f"properties/{quote(property_id, safe='')}"
