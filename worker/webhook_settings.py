"""Settings of the webhooks: secrets, addresses, patience."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network

from cryptography.fernet import Fernet
from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from model_store.settings import PREFIX, ModelSettings

#: Variable that only who seals or opens secrets is given.
SECRET_KEYS = PREFIX + "SECRET_KEYS"

#: Seconds between a failed attempt and the next, from the first attempt on: ten more,
#: spread over 75 hours and 35 minutes. Source: Standard Webhooks, "Deliverability and
#: reliability", with one more after a minute.
SCHEDULE_S = (5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)


_PORTS = range(1, 65_536)
_LONGEST_PAUSE_S = 604_800


class WebhookSettings(ModelSettings):
    """What the delivery of events needs to know."""

    public_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Where clients reach the API; every URL in an answer or event "
        "starts with it, never with the Host header.",
    )
    secret_keys: tuple[str, ...] = Field(
        default=(),
        repr=False,
        description="Keys that encrypt the webhooks' secrets at rest, separated by "
        "spaces or commas: the first encrypts, all decrypt. Each is 32 bytes in "
        "URL-safe base64, as `kerbside webhooks new-key` makes them. Without one "
        "nobody can have webhooks.",
    )
    webhook_development: bool = Field(
        default=False,
        description="Lets webhooks go to http://, to any port and to private and "
        "loopback addresses. Never set it where strangers have keys.",
    )
    webhook_ports: tuple[int, ...] = Field(
        default=(443, 8443),
        description="Ports that webhooks may go to, separated by spaces or commas.",
    )
    webhook_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(),
        description="Private networks that webhooks may go to all the same, such as "
        "`10.1.2.0/24`, separated by spaces or commas. Loopback, link-local and "
        "metadata addresses are refused even so.",
    )
    webhook_schedule_s: tuple[float, ...] = Field(
        default=SCHEDULE_S,
        max_length=30,
        description="Seconds between a failed attempt and the next, separated by "
        "spaces or commas, each give or take a fifth; after the last the delivery has "
        "failed.",
    )
    webhook_connect_s: float = Field(
        default=3.0,
        gt=0,
        le=30,
        description="Seconds that a receiver may take to accept a connection.",
    )
    webhook_timeout_s: float = Field(
        default=15.0,
        gt=0,
        le=30,
        description="Seconds that a whole attempt may take, however the receiver "
        "drips.",
    )
    webhook_concurrency: int = Field(
        default=2,
        ge=1,
        le=64,
        description="Deliveries to one receiver that are under way at a time, at most.",
    )
    webhook_threads: int = Field(
        default=128,
        ge=1,
        le=512,
        description="Deliveries that one webhook worker has under way at a time. A "
        "tenant's receivers that have never answered, or not of late, have a quarter "
        "of them at most.",
    )
    webhook_pending: int = Field(
        default=10_000,
        ge=1,
        description="Deliveries to one endpoint that may wait; above it new ones fail "
        "at once, are counted as `dropped`, and can be recovered.",
    )
    webhook_log: int = Field(
        default=1000,
        ge=1,
        le=100_000,
        description="Deliveries of one endpoint that were made and are kept, the "
        "newest; those that failed are kept up to KERBSIDE_WEBHOOK_PENDING.",
    )
    webhook_log_ttl_s: int = Field(
        default=345_600,
        ge=60,
        description="Seconds that an ended delivery is kept, at most.",
    )
    webhook_disable_after_s: int = Field(
        default=259_200,
        ge=1,
        description="Seconds of nothing but failures after which an endpoint is "
        "disabled.",
    )

    @field_validator(
        "secret_keys",
        "webhook_ports",
        "webhook_networks",
        "webhook_schedule_s",
        mode="before",
    )
    @classmethod
    def _separated(cls, value: object) -> object:
        return re.findall(r"[^\s,]+", value) if isinstance(value, str) else value

    @field_validator("secret_keys")
    @classmethod
    def _fernet_keys(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for key in keys:
            try:
                Fernet(key)
            except ValueError:
                # Without what stands there: it is a secret, if a damaged one.
                raise PydanticCustomError(
                    "secret_keys",
                    "expected 32 bytes in URL-safe base64 for each key, as "
                    "`kerbside webhooks new-key` prints them",
                ) from None
        return keys

    @field_validator("webhook_ports", mode="after")
    @classmethod
    def _real_ports(cls, ports: tuple[int, ...]) -> tuple[int, ...]:
        if not ports or not all(port in _PORTS for port in ports):
            raise PydanticCustomError("webhook_ports", "expected ports, 1 to 65535")
        return ports

    @field_validator("webhook_networks", mode="before")
    @classmethod
    def _networks(cls, networks: object) -> object:
        if not isinstance(networks, list | tuple):
            return networks
        return tuple(ip_network(network) for network in networks)

    @field_validator("webhook_schedule_s")
    @classmethod
    def _not_backwards(cls, schedule: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 <= pause <= _LONGEST_PAUSE_S for pause in schedule):
            raise PydanticCustomError(
                "webhook_schedule_s", "expected pauses of 0 to 604800 seconds"
            )
        return schedule

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        return url.rstrip("/")
