"""Settings of the model store; the one module of it that sees the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

#: Prefix of every environment variable that the service reads.
PREFIX = "KERBSIDE_"


class ModelSettings(BaseSettings):
    """Where models are kept.

    The constructor takes values and defaults only; `from_env` reads the
    environment, so that a test never meets the variables of its machine.
    """

    model_config = SettingsConfigDict(frozen=True, env_prefix=PREFIX, extra="forbid")

    state_dir: Path = Field(
        default=Path("var"),
        description="Folder for everything that the service keeps on this machine.",
    )
    store_url: str | None = Field(
        default=None,
        description=(
            "Where model versions are kept: a folder or a file:// URL; "
            "`models` in the state folder when not set."
        ),
    )

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

    @classmethod
    def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[Any, ...]:
        """Keep the constructor's own values as the only source."""
        return (sources["init_settings"],)

    def model_store_url(self) -> str:
        """Return where the model store is."""
        return self.store_url or str(self.state_dir / "models")
