"""The settings page: every variable that the service reads, from its class."""

from collections.abc import Iterator

import click
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from api.cli import main
from api.settings import ApiSettings
from docs.commands_page import commands
from docs.markdown import table
from model_store.settings import PREFIX

_OPENING = """\
# Settings

Every setting is an environment variable; an empty one counts as not set.
This page is made from the code: `make docs` writes it.
"""

#: Who reads a setting, by the package whose class defines it.
_READERS = {
    "model_store": "Read by every process",
    "worker": "Read by whatever speaks to the queue",
    "api": "Read by the API and by `kerbside up`",
}


def render() -> str:
    """Return the page in Markdown."""
    return _OPENING + "".join(map(_section, _layers())) + _options()


def fields() -> Iterator[tuple[str, FieldInfo]]:
    """Yield the name and the field of every setting."""
    yield from ApiSettings.model_fields.items()


def _layers() -> list[type[BaseSettings]]:
    """Return the settings classes, the one that all others build on first."""
    return [
        layer
        for layer in reversed(ApiSettings.mro())
        if issubclass(layer, BaseSettings) and layer is not BaseSettings
    ]


def _options() -> str:
    """Return the variables that stand in for an option of a command."""
    meant = {
        str(option.envvar): f"What `{option.opts[0]}` says: {option.help}"
        for context in commands("kerbside", main)
        for option in context.command.params
        if isinstance(option, click.Option) and option.envvar
    }
    rows = [(f"`{name}`", meant[name]) for name in sorted(meant)]
    title = "Read by commands that are clients of the API"
    return f"\n## {title}\n\n" + table(("variable", "meaning"), rows)


def _section(layer: type[BaseSettings]) -> str:
    title = _READERS[layer.__module__.partition(".")[0]]
    own = layer.__annotations__
    rows = "".join(_row(name, field) for name, field in fields() if name in own)
    return f"\n## {title}\n\n| variable | default | meaning |\n|---|---|---|\n{rows}"


def _row(name: str, field: FieldInfo) -> str:
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `{PREFIX}{name.upper()}` | {_default(field)} | {meaning} |\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "not set" if value is None else f"`{value}`"
