"""Settings of the model store; the one module of it that sees the environment."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from model_store.logs import Form, Level

#: Who makes a retrained model the champion: the retraining, or a person.
Promotion = Literal["auto", "ask"]

#: Sales of a test below which a retraining does not judge: with fewer, a model that is
#: a point worse, or 5 % too dear, passes too often.
FEWEST_TESTED = 300

#: Prefix of every environment variable that the service reads.
PREFIX = "KERBSIDE_"


#: Variable that only training is given.
SIGNING_KEY_FILE = PREFIX + "SIGNING_KEY_FILE"
#: Variable that names whose models are used.
TRUSTED_KEYS = PREFIX + "TRUSTED_KEYS"

#: Variable that only those are given who use the archive: it may hold a password.
ARCHIVE_URL = PREFIX + "ARCHIVE_URL"
#: Begins the address of an archive in a file.
ARCHIVE_FILE = "sqlite:///"
_ARCHIVES = re.compile(rf"{ARCHIVE_FILE}[^?:]|postgresql\+psycopg://.")
#: How a public key is written: 32 bytes in base64.
PUBLIC_KEY = re.compile(r"ed25519:[A-Za-z0-9+/]{43}=")


class ModelSettings(BaseSettings):
    """Where models are kept, and whose are used.

    The constructor takes values and defaults only; `from_env` reads the
    environment, so that a test never meets the variables of its machine.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        env_prefix=PREFIX,
        extra="forbid",
        # An error goes to a log, and what stands in the wrong variable may be a secret.
        hide_input_in_errors=True,
    )

    log_format: Form = Field(
        default="text",
        description="Form of log lines: `text` for people, or `json`, one object a "
        "line.",
    )
    log_level: Level = Field(
        default="warning",
        description="Least level of lines that the API and commands log, `debug`, "
        "`info`, `warning` or `error`; from `info` on the API logs each request. "
        "Workers and beat have Celery's option --loglevel.",
    )
    state_dir: Path = Field(
        default=Path("var"),
        description="Folder for everything that the service keeps on this machine.",
    )
    store_url: str | None = Field(
        default=None,
        description=(
            "Where model versions are kept: a folder, a file:// URL, s3:// with "
            "kerbside[s3], gs:// with kerbside[gcs], or another URL of fsspec; "
            "`models` in the state folder when not set."
        ),
    )
    archive_url: str | None = Field(
        default=None,
        description="Database that keeps predictions, sales, outcomes and the audit "
        "log for longer than Redis: sqlite:///FILE, or "
        "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE with kerbside[postgres]. "
        "`kerbside up` makes `archive.db` in the state folder when this is not set; "
        "everywhere else nothing is archived then.",
    )
    archive_timeout_s: float = Field(
        default=10.0,
        ge=1,
        le=60,
        description="Seconds that PostgreSQL may take for one question of a request; "
        "then the request is answered with 503. A server that says nothing at all is "
        "given up 2 s later, and one that no connection comes to after 5 s. "
        "Archiving, pruning, exports and commands allow a statement 60 s.",
    )
    archive_predictions_days: int = Field(
        default=400,
        ge=0,
        description="Days that archived predictions are kept; 0: for ever. 400 let a "
        "month be compared with the same one of the year before.",
    )
    archive_outcomes_days: int = Field(
        default=0,
        ge=0,
        description="Days that outcomes are kept after they were told, and that one "
        "was withdrawn; 0: for ever, for models learn from them.",
    )
    archive_sales_days: int = Field(
        default=0,
        ge=0,
        description="Days that sales are kept after the day of the sale; 0: for ever, "
        "for models learn from them.",
    )
    archive_shadows_days: int = Field(
        default=100,
        ge=0,
        description="Days that a challenger's prices are kept; 0: for ever.",
    )
    archive_valuations_days: int = Field(
        default=730,
        ge=0,
        description="Days that valuations of properties are kept; 0: for ever. The "
        "newest of a property stays however old it is, and the property itself until "
        "it is deleted.",
    )
    archive_audit_days: int = Field(
        default=730,
        ge=0,
        description="Days that the archived audit log is kept; 0: for ever.",
    )
    data_set: Path | None = Field(
        default=None,
        description="Data-set definition (JSON) of the sales that models are retrained "
        "on, its table beside it. The shipped sales when not set.",
    )
    promotion: Promotion = Field(
        default="auto",
        description="What follows when a retraining finds its candidate fit to price: "
        "`auto`, it becomes the champion; `ask`, it becomes the challenger and waits "
        "for a person.",
    )
    retrain_test_sales: int = Field(
        default=FEWEST_TESTED,
        ge=100,
        description="Sales that a retraining tests on, at least; the champion stays "
        "until twice as many are newer than its own. More of them let a worse model "
        "pass less often, and a market of few sales wait longer: of 300, one that is a "
        "point worse passes two times in five; of 1,000, hardly ever.",
    )
    signing_key_file: Path | None = Field(
        default=None,
        description="Private key that new model versions are signed with; only "
        "training reads it. `signing-key.pem` in the state folder when not set, which "
        "the first training makes.",
    )
    trusted_keys: tuple[str, ...] | None = Field(
        default=None,
        description="Public keys (`ed25519:...`, separated by spaces or commas) whose "
        "model versions are used; all others are refused. The public half of the "
        "signing key when not set.",
    )

    @field_validator("archive_url")
    @classmethod
    def _of_a_known_kind(cls, url: str | None) -> str | None:
        if url is not None and not _ARCHIVES.match(url):
            raise PydanticCustomError(
                "archive_url",
                "expected sqlite:///FILE, with four slashes where the file's path is "
                "absolute, or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE",
            )
        return url

    @field_validator("trusted_keys", mode="before")
    @classmethod
    def _listed(cls, keys: object) -> object:
        return re.findall(r"[^\s,]+", keys) if isinstance(keys, str) else keys

    @field_validator("trusted_keys")
    @classmethod
    def _of_form(cls, keys: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for key in keys or ():
            if not PUBLIC_KEY.fullmatch(key):
                # Without what stands there: it might be the private half.
                raise PydanticCustomError(
                    "trusted_keys", "expected public keys, as `kerbside model key` says"
                )
        return keys

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings from `environ`, by default from the process.

        A variable is the prefix and the field's name in capitals; an empty one
        counts as not set, as compose files and charts pass it.

        Raises:
            pydantic.ValidationError: A value is not what its field expects.
        """
        source = os.environ if environ is None else environ
        variables = {
            name: source.get(PREFIX + name.upper()) for name in cls.model_fields
        }
        values: dict[str, Any] = {k: v for k, v in variables.items() if v}
        return cls(**values)

    def to_environ(self, *names: str) -> dict[str, str]:
        """Return some settings, by default all, as variables that `from_env` reads."""
        return {
            PREFIX + name.upper(): _as_variable(getattr(self, name))
            for name in names or type(self).model_fields
        }

    @classmethod
    def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[Any, ...]:
        """Keep the constructor's own values as the only source."""
        return (sources["init_settings"],)

    def model_store_url(self) -> str:
        """Return where the model store is."""
        return self.store_url or str(self.state_dir / "models")

    def archive_days(self) -> dict[str, int]:
        """Return the days that rows of the archive are kept, by table; 0: for ever."""
        return {
            "predictions": self.archive_predictions_days,
            "outcomes": self.archive_outcomes_days,
            "withdrawals": self.archive_outcomes_days,
            "sales": self.archive_sales_days,
            "shadows": self.archive_shadows_days,
            "valuations": self.archive_valuations_days,
            "audit": self.archive_audit_days,
        }

    def own_archive(self) -> Path:
        """Return where `kerbside up` keeps the archive when none is named."""
        return self.state_dir / "archive.db"

    def archive_for_commands(self) -> str | None:
        """Return where the archive is that a command is about; None: there is none.

        Beside a `kerbside up` nobody has to name that of its state folder.
        """
        own = self.own_archive()
        if self.archive_url is None and own.exists():
            return f"{ARCHIVE_FILE}{own.absolute()}"
        return self.archive_url

    def own_signing_key(self) -> Path:
        """Return where this installation's signing key is, or is to be made."""
        return self.signing_key_file or self.state_dir / "signing-key.pem"


def told(error: ValidationError) -> str:
    """Return which variable is not as its setting expects, without its value."""
    first = error.errors()[0]
    return f"{PREFIX}{str(first['loc'][0]).upper()}: {first['msg']}"


def _as_variable(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def variables() -> dict[str, str]:
    """Return the variables of this process with the service's prefix, read or not."""
    return {
        name: value for name, value in os.environ.items() if name.startswith(PREFIX)
    }
