"""The page of the command line: every command and option, from the click tree."""

import inspect
import re
from collections.abc import Iterator

import click

from api.cli import main
from docs.markdown import sentences, table
from model_store.cli import cli as model

_OPENING = """\
# Command line

Every command of `kerbside`, as `--help` of each shows it.
This page is made from the code: `make docs` writes it.

A command that failed says why in a sentence on stderr and exits with a code.
A code means the same in the commands of a group as in the group itself, so each is told once.
"""

#: No line of a help text is so long that it would be wrapped.
_WIDE = 10_000
_CODE = re.compile(r" *(\d+(?:, \d+)*) {2,}(.+)")


def render() -> str:
    """Return the page in Markdown."""
    return _OPENING + "".join(map(_section, commands("kerbside", main)))


def commands(
    name: str, command: click.Command, group: click.Context | None = None
) -> Iterator[click.Context]:
    """Yield the context of a command, then those of all below it."""
    if command.name == "model" and command is not model:
        # It becomes another program, whose own tree says what it takes.
        command = model
    # With its settings, as click makes one: a command remembers how help is asked for.
    settings = {**command.context_settings, "terminal_width": _WIDE}
    context = click.Context(command, info_name=name, parent=group, **settings)
    yield context
    if isinstance(command, click.Group):
        for child, below in command.commands.items():
            yield from commands(child, below, context)


def path_of(context: click.Context) -> str:
    """Return what is typed for a command."""
    above = f"{path_of(context.parent)} " if context.parent else ""
    return f"{above}{context.info_name}"


def _section(context: click.Context) -> str:
    path = path_of(context)
    level = "##" if path.count(" ") < 2 else "###"  # noqa: PLR2004 -- words of a path
    usage = " ".join([path, *context.command.collect_usage_pieces(context)])
    parts = [f"`{usage}`", *_told(context.command), _options(context), _codes(context)]
    return f"\n{level} {path}\n\n" + "\n\n".join(filter(None, parts)) + "\n"


def _told(command: click.Command) -> Iterator[str]:
    """Yield the paragraphs of the help text; what click keeps as it is, stays so."""
    for part in inspect.cleandoc(command.help or "").split("\n\n"):
        if part.startswith("\b\n"):
            title, *lines = part.splitlines()[1:]
            codes = [found.groups() for found in map(_CODE.fullmatch, lines) if found]
            kept = "```\n" + inspect.cleandoc("\n".join(lines)) + "\n```"
            yield f"{title}\n\n" + (_code_table(codes) if codes else kept)
        else:
            yield sentences(part)


def _options(context: click.Context) -> str:
    listed = (one for one in context.command.params if isinstance(one, click.Option))
    records = (option.get_help_record(context) for option in listed)
    rows = [(f"`{names}`", meaning) for names, meaning in filter(None, records)]
    return table(("option", "meaning"), rows).rstrip() if rows else ""


def _codes(context: click.Context) -> str:
    """Return the exit codes at the end of a help text that its group does not have."""
    above = set(_listed_codes(context.parent)) if context.parent else set()
    own = [pair for pair in _listed_codes(context) if pair not in above]
    return _code_table(own) if own else ""


def _listed_codes(context: click.Context) -> list[tuple[str, ...]]:
    formatter = context.make_formatter()
    context.command.format_epilog(context, formatter)
    lines = formatter.getvalue().splitlines()
    return [found.groups() for found in map(_CODE.fullmatch, lines) if found]


def _code_table(codes: list[tuple[str, ...]]) -> str:
    rows = [(f"`{code}`", meaning) for code, meaning in codes]
    return table(("exit code", "meaning"), rows).rstrip()
