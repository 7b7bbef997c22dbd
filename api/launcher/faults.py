"""Why a command of `kerbside` ends early, each with an exit code of its own."""

from collections.abc import Mapping

import click


class Fault(click.ClickException):
    """A foreseeable fault: a message on stderr and an exit code, no traceback.

    Fault
    ├── AlreadyRunning (3)
    ├── PortTaken (4)
    ├── StateFolderUnusable (5)
    ├── NotReady (6)
    ├── TrainingFailed (7)
    ├── NotPriced (8)
    ├── RedisUnreachable (9)
    ├── NotFound (10)
    ├── QueueRefused (11)
    ├── ApiUnreachable (12)
    ├── KeyRefused (13)
    ├── WebhookRefused (14)
    ├── SecretSealed (15)
    ├── DeliveryFailed (16)
    ├── ArchiveUnusable (17)
    ├── SalesRefused (18)
    ├── BatchRefused (19)
    └── PropertyRefused (20)
    """


class AlreadyRunning(Fault):
    """Another `kerbside up` uses the state folder."""

    exit_code = 3


class PortTaken(Fault):
    """Something listens on a wanted port."""

    exit_code = 4


class StateFolderUnusable(Fault):
    """The state folder cannot be written."""

    exit_code = 5


class NotReady(Fault):
    """A part did not come up."""

    exit_code = 6


class TrainingFailed(Fault):
    """The first champion could not be trained."""

    exit_code = 7


class NotPriced(Fault):
    """The houses came back without prices, or not at all."""

    exit_code = 8


class NotPricedInTime(NotPriced):
    """The houses wait behind others, or for workers that are slow to come up."""


class RedisUnreachable(Fault):
    """No Redis answers where it was expected."""

    exit_code = 9


class NotFound(Fault):
    """Nothing has the id that was given."""

    exit_code = 10


class QueueRefused(Fault):
    """The service takes no jobs at the moment, or no more of yours: try later."""

    exit_code = 11


class ApiUnreachable(Fault):
    """No API answers where it was expected, or not in time."""

    exit_code = 12


class KeyRefused(Fault):
    """The API does not take the key."""

    exit_code = 13


class WebhookRefused(Fault):
    """The webhooks cannot do that now; the message says what to change."""

    exit_code = 14


class SecretSealed(Fault):
    """No key of the installation seals or opens a webhook's secret."""

    exit_code = 15


class DeliveryFailed(Fault):
    """The receiver did not take the event, or not yet."""

    exit_code = 16


class ArchiveUnusable(Fault):
    """There is no archive, or its database cannot be used as it is."""

    exit_code = 17


class SalesRefused(Fault):
    """Some sales are not as expected, or not known; each is told."""

    exit_code = 18


class BatchRefused(Fault):
    """The batch is not as expected, not known, or did not price all rows."""

    exit_code = 19


class PropertyRefused(Fault):
    """The property is not known, or has no price."""

    exit_code = 20


def exit_codes(*kinds: type[Fault]) -> Mapping[int, str]:
    """Return what the exit codes of some faults mean, for the help of a command."""
    return {kind.exit_code: kind.__doc__ or "" for kind in kinds}
