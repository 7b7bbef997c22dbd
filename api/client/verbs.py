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
    """What is asked for beside one house."""

    idempotency_key: str


class ManyOptions(Options, total=False):
    """What is asked for beside several houses; `keys` are their idempotency keys."""

    keys: Sequence[str]


class SubmitOptions(OneOptions, total=False):
    """What a submit says; `wait_s` are seconds that it may take to have its price."""

    wait_s: float


class Filters(TypedDict, total=False):
    """Which predictions a list has; times have an offset from UTC."""

    status: str | Sequence[str]
    created_after: str | datetime
    created_before: str | datetime
