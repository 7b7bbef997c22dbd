"""What the verbs of a client take, in types."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, TypedDict, TypeVar

from .errors import KerbsideError
from .houses import House, Options, Row
from .prediction import Prediction
from .table import Table

#: The table that is given is of the type that is returned.
GivenTable = TypeVar("GivenTable", bound=Table)

Houses = Iterable[House | Row]

Keep = Literal["keep"]
Raise = Literal["raise"]
Priced = Prediction | KerbsideError


class OneOptions(Options, total=False):
    """What is asked for beside one house: `Options`, and more.

    Attributes:
        idempotency_key: Sent again with it, the house is not priced twice; one is made
            up if it is not said.
    """

    idempotency_key: str


class ManyOptions(Options, total=False):
    """What is asked for beside several houses: `Options`, and more.

    Attributes:
        keys: Idempotency key of each house; they are made up if they are not said.
    """

    keys: Sequence[str]


class SubmitOptions(OneOptions, total=False):
    """What a submit says: `OneOptions`, and more.

    Attributes:
        wait_s: Seconds that the API may hold its answer back until there is a price, in
            whole ones and at most 30; none if it is not said.
    """

    wait_s: float


class Filters(TypedDict, total=False):
    """Which predictions a list has; all if nothing is said.

    Attributes:
        status: One status or several.
        created_after: Date and time with its offset from UTC, as text or `datetime`.
        created_before: As `created_after`.
    """

    status: str | Sequence[str]
    created_after: str | datetime
    created_before: str | datetime
