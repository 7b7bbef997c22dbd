"""The page of the command line: every command and option, from the click tree."""

import inspect
from collections.abc import Iterator

import click

from api.cli import main
from docs.markdown import sentences, table
from model_store.cli import cli as model

_OPENING = """\
# Command line

Every command of `kerbside`, as `--help` of each shows it.
This page is made from the code: `make docs` writes it.

A command that failed says why in a sentence on stderr and exits with 1, and one that was called wrongly with 2, unless its section says more.
"""


def render() -> str:
    """Return the page in Markdown."""
    return _OPENING + "".join(
        _section(path, command) for path, command in commands("kerbside", main)
    )


def commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Yield a command and all below it, each with what is typed for it."""
    # It becomes another program, whose own tree says what it takes.
    if path == "kerbside model":
        command = model
    yield path, command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from commands(f"{path} {name}", child)


def _section(path: str, command: click.Command) -> str:
    level = "#" * min(2 + (path.count(" ") > 1), 3)
    usage = " ".join([path, *_arguments(command)])
    return f"\n{level} {path}\n\n`{usage}`\n\n{_told(command)}" + _options(command)


def _arguments(command: click.Command) -> Iterator[str]:
    if isinstance(command, click.Group):
        yield "COMMAND"
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            name = parameter.make_metavar(click.Context(command))
            yield name
    if _listed(command):
        yield "[OPTIONS]"


def _told(command: click.Command) -> str:
    """Return the help text; what click keeps as it is stays as it is."""
    text = inspect.cleandoc(command.help or "")
    parts = []
    for part in text.split("\n\n"):
        if part.startswith("\b\n"):
            title, *lines = part.removeprefix("\b\n").splitlines()
            parts.append(f"{title}\n\n" + _codes(lines))
        else:
            parts.append(sentences(part) + "\n")
    return "\n".join(parts)


def _codes(lines: list[str]) -> str:
    pairs = (line.strip().partition("  ") for line in lines)
    return table(("code", "meaning"), [(f"`{code}`", said) for code, _, said in pairs])


def _listed(command: click.Command) -> list[click.Option]:
    return [
        one
        for one in command.params
        if isinstance(one, click.Option) and not one.hidden
    ]


def _options(command: click.Command) -> str:
    rows = [_option(command, option) for option in _listed(command)]
    return "\n" + table(("option", "meaning"), rows) if rows else ""


def _option(command: click.Command, option: click.Option) -> tuple[str, str]:
    record = option.get_help_record(click.Context(command))
    names, meaning = record or ("", "")
    return f"`{names}`", meaning
