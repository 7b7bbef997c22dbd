"""How many requests a key may send, and how its limit is written."""

import re
from dataclasses import dataclass
from typing import Final, Self

#: What stands for no limit.
UNLIMITED: Final = "none"
#: Requests a second, at most: the ledger counts in steps of whole microseconds.
_FASTEST = 100_000
_LONGEST_S = 86_400
#: Share by which rounding to such steps may make a limit wider.
_ROUNDING = 0.001
_WRITTEN = re.compile(r"([1-9][0-9]{0,9})/([1-9][0-9]{0,4})", re.ASCII)


class InvalidRateLimit(ValueError):
    """A rate limit cannot be as written; the message says what is expected."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many requests in so many seconds; all of them may come at once."""

    requests: int
    seconds: int

    def __post_init__(self) -> None:
        """Refuse what cannot be counted.

        Raises:
            InvalidRateLimit: It is nothing, too much or over too long a time.
        """
        most = _FASTEST * self.seconds
        if not (1 <= self.seconds <= _LONGEST_S and 1 <= self.requests <= most):
            raise InvalidRateLimit(
                f"rate limit {self} cannot be used: expected 1 to {_LONGEST_S} "
                f"seconds, and 1 to {_FASTEST} requests for each of them"
            )
        window_us = self.seconds * 1_000_000
        step_us = window_us // self.requests
        if window_us - step_us * self.requests > _ROUNDING * window_us:
            raise InvalidRateLimit(
                f"rate limit {self} cannot be counted: expected requests that come "
                f"whole microseconds apart, such as {window_us // (step_us + 1)} or "
                f"{window_us // step_us} in {self.seconds} s"
            )

    def __str__(self) -> str:
        return f"{self.requests}/{self.seconds}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a limit as people write it.

        Args:
            text: Requests and seconds, such as `100/60`.

        Raises:
            InvalidRateLimit: It is written in another way, or cannot be counted.
        """
        match = _WRITTEN.fullmatch(text.strip())
        if match is None:
            raise InvalidRateLimit(
                f"rate limit {text!r} cannot be read: expected requests and seconds as "
                "whole numbers, such as 100/60"
            )
        return cls(int(match[1]), int(match[2]))


@dataclass(frozen=True, slots=True)
class Meter:
    """By whose limit a request counts."""

    key_id: str
    limit: RateLimit


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a request has left of its key's limit."""

    limit: RateLimit
    #: Requests that may come at once.
    remaining: int
    #: Seconds until the limit is whole again; where nothing remains, until one fits.
    reset_s: int
