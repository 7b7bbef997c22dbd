"""Whether events reach receivers: keys that open secrets, endpoints that answer."""

from collections.abc import Iterator, Sequence
from typing import Any

import click

from api.commands.checkup.finding import Finding, Status, Target
from api.launcher import sealing_keys
from worker.webhooks.endpoints import Endpoint, Endpoints
from worker.webhooks.keyring import Keyring
from worker.webhooks.sealing import SealingError

#: Endpoints that are named, at most.
_NAMED = 3


def check(target: Target) -> Iterator[Finding]:
    """Look at what seals the secrets, and at how receivers answer."""
    try:
        keys = tuple(sealing_keys.known(target.settings))
    except click.UsageError as error:
        yield _damaged(error.message)
        return
    settings = target.settings.model_copy(update={"secret_keys": keys})
    with target.redis() as client:
        keyring = Keyring(client, settings)
        owners = keyring.owners()
        yield _secrets(keyring, owners) if keys else _no_keys(len(owners))
        kept = Endpoints(client, settings)
        yield _endpoints(
            [one for tenant in kept.tenants() for one in kept.list(tenant)]
        )


def _secrets(keyring: Keyring, owners: Sequence[str]) -> Finding:
    sealed = [owner for owner in owners if not _opens(keyring, owner)]
    if not sealed:
        found = f"the keys open the secrets of all {len(owners)} who have some"
        return Finding(check="webhook secrets", found=found)
    return Finding(
        check="webhook secrets",
        status=Status.FAILED,
        found=f"no key opens those of {_told(sealed)}",
        expected="keys that open every secret, or its events cannot be signed",
        remedy="Add the key that sealed them to KERBSIDE_SECRET_KEYS, after the first,"
        " everywhere; or `kerbside webhooks rotate-secret` for each.",
    )


def _opens(keyring: Keyring, owner: str) -> bool:
    try:
        keyring.secrets(owner)
    except SealingError:
        return False
    return True


def _no_keys(owners: int) -> Finding:
    return Finding(
        check="webhook secrets",
        status=Status.FAILED if owners else Status.WARNING,
        found=f"no key, and {owners} who have secrets",
        expected="a key, without which nobody can have webhooks",
        remedy="Set KERBSIDE_SECRET_KEYS everywhere to what `kerbside webhooks new-key`"
        " prints; `kerbside up` makes one by itself.",
    )


def _damaged(message: str) -> Finding:
    return Finding(
        check="webhook secrets",
        status=Status.FAILED,
        found=message,
        expected="keys, one a line",
        remedy="Bring the file back from a copy.",
    )


def _endpoints(endpoints: Sequence[Endpoint]) -> Finding:
    pending = sum(one.pending for one in endpoints)
    found = f"{len(endpoints)} endpoints, {pending:,} deliveries under way"
    wrong = [one.id for one in endpoints if _is_wrong(one)]
    if not wrong:
        return Finding(check="webhook endpoints", found=found)
    return Finding(
        check="webhook endpoints",
        status=Status.WARNING,
        found=f"{found}; with failures, or disabled for them: {_told(wrong)}",
        expected="receivers that answer with 2xx",
        remedy="`kerbside webhooks deliveries ID --tenant TENANT` shows what they"
        " answered; tell their owner. `enable` and `recover` bring back the rest.",
    )


def _is_wrong(endpoint: Endpoint) -> bool:
    if not endpoint.enabled:
        return endpoint.disabled_reason != "by_client"
    return endpoint.failing_since_ms is not None


def _told(names: Sequence[Any]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
