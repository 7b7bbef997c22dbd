"""A client of the Kerbside HTTP API that needs the standard library alone.

It imports nothing of this project, so you may copy this folder into your own:

    with Client("https://prices.example.org", key) as client:
        print(client.price({"bedrooms": 3, "zipcode": "98117", ...}))

`Client` blocks; `AsyncClient`, in `async_client`, has the same verbs as coroutines.
"""

from .batches import (
    CSV,
    JSON,
    NDJSON,
    Batches,
    BatchNotFinished,
    BatchOptions,
    ImportOptions,
    SubmittedBatch,
)
from .client import Client
from .errors import (
    ApiError,
    Interrupted,
    KerbsideError,
    NotAllPriced,
    NotFinished,
    NotPriced,
    Unreachable,
    UnverifiedWebhook,
    WrongHouse,
)
from .houses import House, Options, Row
from .prediction import Prediction
from .properties import Properties, Property, PropertyOptions, Valuation
from .sales import Sale
from .table import RESULT_COLUMNS, Table, result_columns
from .webhooks import verify_webhook

__all__ = [
    "CSV",
    "JSON",
    "NDJSON",
    "RESULT_COLUMNS",
    "ApiError",
    "BatchNotFinished",
    "BatchOptions",
    "Batches",
    "Client",
    "House",
    "ImportOptions",
    "Interrupted",
    "KerbsideError",
    "NotAllPriced",
    "NotFinished",
    "NotPriced",
    "Options",
    "Prediction",
    "Properties",
    "Property",
    "PropertyOptions",
    "Row",
    "Sale",
    "SubmittedBatch",
    "Table",
    "Unreachable",
    "UnverifiedWebhook",
    "Valuation",
    "WrongHouse",
    "result_columns",
    "verify_webhook",
]
