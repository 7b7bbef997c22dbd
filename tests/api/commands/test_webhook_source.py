"""Laws of how a receiver finds the secret of who sends."""

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import redis as redis_py

from api.commands.webhook_source import found
from api.launcher.faults import KeyRefused
from api.launcher.statefolder import StateFolder
from tests.api.commands.conftest import Serve
from worker.settings import WorkerSettings
from worker.supervision import secretfile
from worker.webhooks.keyring import Keyring
from worker.webhooks.sealing import new_key
from worker.webhooks.signing import new_secret

SECRET = new_secret()
Api = Callable[..., int]


@pytest.fixture
def api(serve: Serve) -> Api:
    """Return a function that serves a secret, or a refusal, and returns the port."""

    def api(status: int = 200) -> int:
        feature = {"name": "bedrooms", "kind": "integer", "required": True}
        card = {"version": "1", "schema": {"features": [{**feature, "example": 3}]}}
        secret = {"key": SECRET, "title": "Not allowed", "type": "about:blank"}
        return serve(
            {
                "/v1/webhooks/default/secret": (status, json.dumps(secret).encode()),
                "/v1/models/champion": (200, json.dumps(card).encode()),
            }
        )

    return api


def test_a_secret_that_is_given_needs_nobody() -> None:
    """There may be no way to the API from here."""
    assert found(f" {SECRET}\n", None, None).secret == SECRET
    with pytest.raises(click.UsageError):
        found("whsec_short", None, None)


def test_an_api_tells_its_secret(api: Api) -> None:
    """The key that was given is not shown again, but for the name of its variable."""
    url = f"http://127.0.0.1:{api()}"

    source = found(None, url, "kb_mine")

    assert (source.secret, source.url, source.house) == (SECRET, url, {"bedrooms": 3})
    assert source.token == "$KERBSIDE_API_KEY"
    assert not source.is_local
    assert SECRET not in repr(source)


def test_a_key_that_may_not_read_it_is_told(api: Api) -> None:
    """It takes the scope `webhooks`."""
    with pytest.raises(KeyRefused, match="Not allowed"):
        found(None, f"http://127.0.0.1:{api(403)}", "kb_mine")


def test_the_local_installation_needs_no_options(
    api: Api,
    settings: WorkerSettings,
    redis: redis_py.Redis,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Secret, address and key are where `kerbside up` keeps them."""
    state = StateFolder.prepare(tmp_path)
    state.note_ports(api=api())
    secretfile.write_json(state.access, {"api_key": "kb_local"})
    secretfile.write(state.secret_keys, new_key())
    monkeypatch.setenv("KERBSIDE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("KERBSIDE_REDIS_URL", settings.redis_url)

    source = found(None, None, None)

    keys = (state.secret_keys.read_text(),)
    keyring = Keyring(redis, settings.model_copy(update={"secret_keys": keys}))
    assert source.secret == keyring.default("default") != SECRET
    assert (source.token, source.house, source.is_local) == (
        "kb_local",
        {"bedrooms": 3},
        True,
    )
