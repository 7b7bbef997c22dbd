"""How Celery reaches Redis."""

import ssl
from typing import Any

import pytest
import redis
from kombu.exceptions import ContentDisallowed
from kombu.serialization import loads
from kombu.transport.redis import Channel

from worker import connection
from worker.celery import create_celery
from worker.settings import WorkerSettings

SERVER = "rediss://u:p@redis.example:6380/2"


@pytest.mark.parametrize(
    ("query", "care", "authority", "names"),
    [
        ("", ssl.CERT_REQUIRED, None, True),
        ("?ssl_ca_certs=/ca.pem", ssl.CERT_REQUIRED, "/ca.pem", True),
        ("?ssl_check_hostname=false", ssl.CERT_REQUIRED, None, False),
        ("?ssl_cert_reqs=none", ssl.CERT_NONE, None, False),
    ],
)
def test_both_clients_look_at_the_certificate_alike(
    query: str, care: ssl.VerifyMode, authority: str | None, *, names: bool
) -> None:
    """Without being told, kombu would take any server's word for who it is."""
    settings = WorkerSettings(redis_url=SERVER + query)
    with create_celery(settings) as app, app.connection_for_write() as link:
        assert Channel.connection_class_ssl is redis.SSLConnection
        assert isinstance(link.ssl, dict)
        theirs = redis.SSLConnection(**link.ssl)
        told = redis.SSLConnection(**app.conf.broker_use_ssl)
    client = connection.connect(settings.redis_url, role="worker")
    ours = client.connection_pool.make_connection()
    for one in (theirs, told, ours):
        assert isinstance(one, redis.SSLConnection)
        looks = (one.cert_reqs, one.ca_certs, one.check_hostname)
        assert looks == (care, authority, names)


def test_kombu_asks_every_sentinel_for_the_same_database_and_user() -> None:
    """With whichever it begins, it comes in as redis-py does."""
    url = (
        "sentinels://u:p%40@h1:26379,[::1]/2?master=m&sentinel_password=s&ssl_keyfile=k"
    )
    with create_celery(WorkerSettings(redis_url=url)) as app:
        link: Any = app.connection_for_write()
        asked = link.transport_options["sentinel_kwargs"]
        shown = str(app.conf.table(censored=True)) + link.as_uri()
        where = [link.info()]
        link.maybe_switch_next()
        where.append(link.info())

    logins = [(one["userid"], one["password"], one["virtual_host"]) for one in where]
    assert logins == [("u", "p@", "2")] * 2
    assert [(one["hostname"], one["port"]) for one in where] == [
        ("h1", 26379),
        ("::1", 26379),
    ]
    assert link.transport_options["master_name"] == "m"
    assert (asked["password"], asked["ssl"]) == ("s", True)
    assert link.ssl["ssl_keyfile"] == "k"
    assert "p@" not in shown
    assert "p%40" not in shown
    assert "'password': 's'" not in shown


def test_without_tls_none_is_asked_for(settings: WorkerSettings) -> None:
    """A plain server could not answer."""
    with create_celery(settings) as app, app.connection_for_write() as link:
        assert link.ssl is False


def test_no_message_is_unpickled(settings: WorkerSettings) -> None:
    """Unpickling runs code, and whoever can write to Redis can send a message."""
    with create_celery(settings) as app:
        for kind in ("application/x-python-serialize", "application/x-yaml"):
            with pytest.raises(ContentDisallowed):
                loads(b"", kind, "binary", accept=app.conf.accept_content)
