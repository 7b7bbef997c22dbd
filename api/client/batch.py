"""Many houses, priced by several threads."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent import futures
from typing import Any

from .errors import KerbsideError, Unreachable
from .houses import checked_key
from .prediction import Prediction

#: Seconds in which calls that were interrupted are to have ended.
_END_S = 1.0

Result = Prediction | KerbsideError


class Batch:
    """Many houses, and what came of each so far.

    Args:
        houses: In the order of the results.
        keys: Their idempotency keys; None makes them up.
        kept: Returns what is to be kept of a result.

    Attributes:
        results: What is kept of each, in order.
        errors: Why houses have no price.

    Raises:
        ValueError: The keys are not as many as the houses, or one is no line of ASCII.
    """

    def __init__(
        self,
        houses: Sequence[Any],
        keys: Sequence[str] | None,
        kept: Callable[[Result], Any],
    ) -> None:
        if keys is not None and len(keys) != len(houses):
            raise ValueError(f"{len(houses)} houses have {len(keys)} idempotency keys")
        for key in keys or ():
            checked_key(key)
        self.results = [kept(Unreachable("interrupted before it had a price"))]
        self.results *= len(houses)
        self.errors: list[KerbsideError] = []
        self._houses, self._keys, self._kept = houses, keys, kept
        self._left = deque(range(len(houses)))
        self._broken: KerbsideError | None = None

    def run(
        self,
        price: Callable[[Any, str | None], Prediction],
        *,
        threads: int,
        stop: Callable[[], None],
    ) -> None:
        """Price all houses.

        Args:
            price: Prices a house with an idempotency key.
            threads: Houses that are under way at a time.
            stop: Ends `price`, where it is under way, with an error.

        Raises:
            KeyboardInterrupt: Ctrl-C; what is under way was ended.
        """
        pool = futures.ThreadPoolExecutor(threads)
        work: list[futures.Future[None]] = []
        try:
            work.extend(pool.submit(self._work, price) for _ in range(threads))
            for one in work:
                one.result()
        finally:
            # After Ctrl-C there is something left to end.
            self._left.clear()
            stop()
            futures.wait(work, _END_S)
            pool.shutdown(wait=False)

    def _work(self, price: Callable[[Any, str | None], Prediction]) -> None:
        """Price what is left, beside other threads."""
        while (number := self._next()) is not None:
            result = self._result(price, number)
            if isinstance(result, KerbsideError):
                self.errors.append(result)
            self.results[number] = self._kept(result)

    def _next(self) -> int | None:
        try:
            return self._left.popleft()
        except IndexError:
            return None

    def _result(
        self, price: Callable[[Any, str | None], Prediction], number: int
    ) -> Result:
        """Price a house; once the service fails, all others share its error."""
        if self._broken:
            return self._broken
        try:
            key = self._keys[number] if self._keys is not None else None
            return price(self._houses[number], key)
        except KerbsideError as error:
            if not error.is_about_house:
                self._broken = error
            return error
