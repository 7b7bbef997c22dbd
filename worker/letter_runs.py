"""What is done to dead letters, many in one go."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from model_store.errors import ArchiveError
from worker.dead_letters import DeadLetter
from worker.errors import (
    JobGone,
    NotRetryable,
    OpenJobsQuota,
    QueueRefusal,
    UnknownJob,
)

#: Why one letter is left as it is while the others have their turn.
_SPARED = (ArchiveError, JobGone, NotRetryable, OpenJobsQuota, UnknownJob)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A letter that was left as it is, and why."""

    id: str
    reason: str


@dataclass(slots=True)
class LetterRun:
    """What has become of letters so far; it may be looked at whatever ends it."""

    done: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    #: Why the queue takes no more: the letters after that are as they were.
    refusal: QueueRefusal | None = None

    def go(
        self,
        act: Callable[[DeadLetter], object],
        letters: Iterable[DeadLetter],
        *,
        most: int = sys.maxsize,
    ) -> None:
        """Act on each letter; one that is none any more is left as it is.

        A tenant that has no room for its letter keeps nobody else's from its turn.

        Args:
            act: What is done to a letter.
            letters: Those that are meant.
            most: How many it is done to; those that were skipped count for nothing.
        """
        for letter in letters:
            if len(self.done) >= most:
                return
            try:
                act(letter)
                self.done.append(letter.id)
            except _SPARED as error:
                self.skipped.append(Skipped(letter.id, str(error)))
            except QueueRefusal as error:
                self.refusal = error
                return
