"""The laws of addresses of a Redis: whoever reads one, reads the same password."""

from typing import Any
from urllib.parse import quote

import pytest

from worker import connection
from worker.celery import create_celery
from worker.redis_address import Sentinels
from worker.settings import WorkerSettings

#: What somebody may have made up, or a Secret may hold.
PASSWORDS = ["a+b/c==", "p@ss:w&rd#1?", "50%40 off", "ä€"]


@pytest.mark.parametrize("password", PASSWORDS)
def test_redis_py_and_kombu_read_the_password_of_a_server(password: str) -> None:
    """Percent-encoded, as in any address."""
    url = f"redis://kerbside:{quote(password, safe='')}@127.0.0.1:1/0"

    with connection.connect(url, role="worker") as client:
        pool: Any = client.connection_pool
        assert pool.connection_kwargs["password"] == password
    with create_celery(WorkerSettings(redis_url=url)) as app:
        link: Any = app.connection_for_write()
        assert link.info()["password"] == password


@pytest.mark.parametrize("password", PASSWORDS)
def test_the_passwords_of_servers_and_sentinels_are_read_alike(password: str) -> None:
    """Each is decoded once, and for kombu as for redis-py."""
    told = quote(password, safe="")
    url = f"sentinel://k:{told}@h:1/0?master=m&sentinel_password={told}"

    found = Sentinels.of(url)

    assert found
    assert found.login == {"username": "k", "password": password}
    assert found.own_login == {"password": password}
    with create_celery(WorkerSettings(redis_url=url)) as app:
        link: Any = app.connection_for_write()
        assert link.info()["password"] == password
        asked = link.transport_options["sentinel_kwargs"]
        assert asked["password"] == password


def test_a_plus_is_a_plus_on_both_sides_of_the_host() -> None:
    """Passwords in base64 have it, and nobody thinks of a form."""
    found = Sentinels.of("sentinel://k:a+b@h:1/0?master=m&sentinel_password=a+b")

    assert found
    assert found.login["password"] == found.own_login["password"] == "a+b"
