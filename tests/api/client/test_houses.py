"""Laws of how a house is sent."""

import pandas as pd

from api.client import (
    Client,
)
from tests.api.client.script import (
    Script,
    priced_by_bedrooms,
)


def test_scalars_of_numpy_are_plain_numbers(server: Script, client: Client) -> None:
    """A row of a table can be priced as it is."""
    server.answer = priced_by_bedrooms
    row = pd.DataFrame({"bedrooms": [2], "sqft": [1.5], "gap": [None]}).iloc[0]

    client.price(dict(row))

    assert server.requests[0].body["input"] == {"bedrooms": 2, "sqft": 1.5}
