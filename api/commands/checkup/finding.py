"""What a check tells, and what it looks at."""

import contextlib
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import redis

from api.commands import redis_access
from api.settings import ApiSettings
from worker.connection import connect


class Status(enum.StrEnum):
    """How bad a finding is."""

    #: As it should be.
    OK = "ok"
    #: It works, or may work; somebody should look at it.
    WARNING = "warning"
    #: Houses are not priced, or jobs may be lost, until it is mended.
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    #: What was looked at, such as `redis memory`; the same in every run.
    check: str
    status: Status = Status.OK
    #: What is there, and where.
    found: str
    #: What should be there; empty where all is well.
    expected: str = ""
    #: What to do; empty where all is well.
    remedy: str = ""


class NoRedis(Exception):
    """No Redis is known: nothing was started yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The installation that is looked at, as its operator's settings name it."""

    settings: ApiSettings
    #: Variables of the environment that begin with the service's prefix.
    variables: Mapping[str, str] = field(default_factory=dict)
    #: Variables that hold what they may not, and why.
    invalid: Mapping[str, str] = field(default_factory=dict)
    #: Variables that only single commands read.
    options: frozenset[str] = frozenset()

    @contextlib.contextmanager
    def redis(self) -> Iterator[redis.Redis]:
        """Return a client of the installation's Redis while the block runs.

        Raises:
            NoRedis: None is known.
            redis.RedisError: It fails the block.
        """
        url = redis_access.address(self.settings)
        if url is None:
            raise NoRedis
        with contextlib.closing(connect(url, role="operator")) as client:
            yield client
