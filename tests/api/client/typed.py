"""What type checkers are promised of the client; `test_types` has mypy check it.

A line that must be wrong says which error it is: mypy tells an ignored error that is
not there.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, assert_type

import pandas as pd

from api.client import Client, KerbsideError, Prediction
from api.client.async_client import AsyncClient


def one(client: Client, house: dict[str, int], row: "pd.Series[float]") -> None:
    """A house has a prediction; with `keep`, or an error."""
    assert_type(client.price(house), Prediction)
    assert_type(client.price(row), Prediction)
    assert_type(client.price({"bedrooms": 3, "zipcode": "98117"}), Prediction)
    assert_type(client.price(house, version="v1", explain=True), Prediction)
    assert_type(client.price(house, idempotency_key="k1"), Prediction)
    assert_type(client.price(house, errors="keep"), Prediction | KerbsideError)
    assert_type(client.submit(house, wait_s=3), Prediction)


def many(
    client: Client,
    several: list[dict[str, int]],
    stream: Iterable[Mapping[str, Any]],
    rows: "list[pd.Series[float]]",
) -> None:
    """Several have as many, in a sequence."""
    assert_type(client.price(several), Sequence[Prediction])
    assert_type(client.price(stream, keys=["k1"]), Sequence[Prediction])
    assert_type(client.price(house for house in several), Sequence[Prediction])
    assert_type(client.price(rows), Sequence[Prediction])
    assert_type(
        client.price(several, errors="keep"), Sequence[Prediction | KerbsideError]
    )


def table(client: Client, frame: pd.DataFrame) -> None:
    """A table stays one."""
    assert_type(client.price(frame), pd.DataFrame)
    assert_type(client.price(frame, errors="keep", version="v1"), pd.DataFrame)
    assert_type(client.price(frame, keys=["k1"]), pd.DataFrame)


def wrong(client: Client, house: dict[str, int]) -> None:
    """What is misspelt or no house is found."""
    client.price(house, verson="v1")  # type: ignore[call-overload]
    client.price(house, keys=["k1"])  # type: ignore[arg-type]
    client.price([house], idempotency_key="k1")  # type: ignore[call-overload]
    client.price(house, errors="kep")  # type: ignore[call-overload]
    client.price(42)  # type: ignore[call-overload]
    client.price("house")  # type: ignore[arg-type]
    client.submit(house, verson="v1")  # type: ignore[call-arg]
    client.list(state="failed")  # type: ignore[call-arg]
    client.prise(house)  # type: ignore[attr-defined]


async def coroutines(
    client: AsyncClient, house: dict[str, int], frame: pd.DataFrame
) -> None:
    """The coroutines have the same types."""
    assert_type(await client.price(house), Prediction)
    assert_type(await client.price([house]), Sequence[Prediction])
    assert_type(await client.price(frame), pd.DataFrame)
    assert_type(await client.price(house, errors="keep"), Prediction | KerbsideError)
    assert_type(
        await client.price([house], errors="keep"), Sequence[Prediction | KerbsideError]
    )
    assert_type(await client.list(status="failed"), Sequence[Prediction])
    assert_type(await client.model(), dict[str, Any])
    assert_type(await client.webhook_secret(), str)
    await client.prise(house)  # type: ignore[attr-defined]
    await client.price(house, verson="v1")  # type: ignore[call-overload]
