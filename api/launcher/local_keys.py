"""The keys and passwords of the local user, the same at every start."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from model_store import actor
from worker.audit import Action, Audit
from worker.credentials import OPERATOR_TENANT, ApiKeys, split_token
from worker.supervision import secretfile

LOCAL_TENANT = "default"
USER_SCOPES = ("predict", "read", "webhooks")
OPERATOR_SCOPES = ("operate", "read")


@dataclass(frozen=True, slots=True)
class LocalKeys:
    """The tokens of the local user."""

    user: str = field(repr=False)
    operator: str = field(repr=False)


class LocalAccess:
    """Secrets in a file of mode 0600, made when they are first asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def flower_password(self) -> str:
        """Return the password of Flower's page."""
        return self._kept("flower_password") or self._keep(
            "flower_password", secrets.token_urlsafe(12)
        )

    def keys(self, keys: ApiKeys, audit: Audit) -> LocalKeys:
        """Return the kept keys if they still open, else new ones, written down.

        Args:
            keys: All keys of the installation.
            audit: Where it is written who made some.
        """
        made: list[str] = []
        local = LocalKeys(
            user=self._token(keys, "api_key", LOCAL_TENANT, USER_SCOPES, made),
            operator=self._token(
                keys, "operator_key", OPERATOR_TENANT, OPERATOR_SCOPES, made
            ),
        )
        if made:
            action = Action(
                time=datetime.now(UTC),
                actor=actor.running(),
                operation="create_key",
                targets=made,
            )
            audit.keep(action)
        return local

    def user_token(self) -> str | None:
        """Return the key of the local user, if an installation has made one."""
        return self._kept("api_key")

    def _token(
        self,
        keys: ApiKeys,
        name: str,
        tenant: str,
        scopes: tuple[str, ...],
        made: list[str],
    ) -> str:
        token = self._kept(name)
        if token and _is_usable(keys, token, scopes):
            return token
        token, key = keys.create(tenant=tenant, scopes=scopes, name="kerbside up")
        made.append(key.id)
        return self._keep(name, token)

    def _kept(self, name: str) -> str | None:
        return secretfile.read_json(self._path).get(name)

    def _keep(self, name: str, secret: str) -> str:
        record = secretfile.read_json(self._path)
        secretfile.write_json(self._path, {**record, name: secret})
        return secret


def _is_usable(keys: ApiKeys, token: str, scopes: tuple[str, ...]) -> bool:
    """Tell whether a kept token still opens all that it should.

    Redis may have been emptied since, or an older version have made it.
    """
    parts = split_token(token)
    key = keys.find(parts[0]) if parts else None
    if parts is None or key is None or not key.scopes.issuperset(scopes):
        return False
    return key.is_usable(datetime.now(UTC)) and key.opens(parts[1])
