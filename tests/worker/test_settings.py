"""Laws of the queue's settings."""

import pytest
from pydantic import ValidationError

from worker.limits import RateLimit
from worker.settings import WorkerSettings


@pytest.mark.parametrize(
    "url",
    [
        "redis://h",
        "redis://:p%40ss@h:6380/2",
        "rediss://u:p@h:6380/2",
        "rediss://h/0?ssl_ca_certs=/etc/ca.pem&ssl_check_hostname=false",
        "rediss://h/0?ssl_cert_reqs=none",
        "sentinel://u:p@h1:26379,h2,[::1]:26380/2?master=kerbside",
        "sentinels://h/0?master=m&sentinel_password=p%40ss&ssl_ca_certs=/etc/ca.pem",
    ],
)
def test_an_address_that_both_clients_read_alike_is_taken(url: str) -> None:
    """With a password, a database, TLS and a private authority."""
    assert WorkerSettings(redis_url=url).redis_url == url


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("redis://h?db=2", "got db"),
        ("redis://h/0?socket_timeout=1", "got socket_timeout"),
        ("redis://h/0?ssl_ca_certs=/etc/ca.pem", "got ssl_ca_certs"),
        ("rediss://h/0?ssl_min_version=771", "got ssl_min_version"),
        ("rediss://h/0?ssl_cert_reqs=CERT_NONE", "got ssl_cert_reqs"),
        ("rediss://h/0?ssl_ca_certs=", "got ssl_ca_certs"),
        ("redis://h/prices", "number of a database"),
        ("redis://h:70000/0", "a port from 0 to 65535"),
        ("redis://h:port/0", "a port from 0 to 65535"),
        ("redis://h1:6379,h2:6379/0", "several hosts are for sentinel://"),
        ("unix:///run/redis.sock", "expected redis://"),
        ("sentinel://h1,h2/0", r"\?master=kerbside"),
        ("sentinel://h1,,h2/0?master=m", "separated by commas"),
        ("sentinel://h1:70000/0?master=m", "ports from 0 to 65535"),
        ("sentinel:///0?master=m", "separated by commas"),
        ("sentinel://h/0?master=m&ssl_ca_certs=/ca.pem", "got ssl_ca_certs"),
        ("redis://h/0?master=m", "got master"),
        ("sentinel://h/prices?master=m", "number of a database"),
    ],
)
def test_an_address_that_one_client_would_read_differently_is_refused(
    url: str, wrong: str
) -> None:
    """The message names the parameter and what is expected."""
    with pytest.raises(ValidationError, match=wrong):
        WorkerSettings(redis_url=url)


@pytest.mark.parametrize(
    ("text", "limit"),
    [("100/60", RateLimit(100, 60)), ("none", None), ("", RateLimit(120_000, 60))],
)
def test_a_rate_limit_reaches_the_programs_that_are_started(
    text: str, limit: RateLimit | None
) -> None:
    """Read from the environment and written to one; empty is the default."""
    settings = WorkerSettings.from_env({"KERBSIDE_RATE_LIMIT": text})

    assert settings.key_limit() == limit
    assert WorkerSettings.from_env(settings.to_environ()).key_limit() == limit


@pytest.mark.parametrize("text", ["100", "100/0", "100/minute", "200000/1", "off"])
def test_a_rate_limit_that_cannot_be_is_told(text: str) -> None:
    """With what was expected."""
    with pytest.raises(ValidationError, match=r"rate limit .*expected .*, or `none`"):
        WorkerSettings.from_env({"KERBSIDE_RATE_LIMIT": text})
