"""`kerbside doctor`: what is wrong with an installation, and what to do about it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

import click
from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from api.commands.checkup import (
    addresses,
    archive,
    clock,
    lanes,
    machine,
    models,
    packages,
    redis_server,
    secret_files,
    variables,
    webhooks,
)
from api.commands.checkup.examination import Check, examine
from api.commands.checkup.finding import Finding, Status, Target
from api.settings import ApiSettings
from model_store import settings as environment
from model_store.command_line import Command, results

#: In the order in which they are told: what others rest on comes first.
CHECKS: Mapping[str, Check] = {
    "settings": variables.check,
    "redis": redis_server.check,
    "clock": clock.check,
    "model store": models.check_store,
    "loaded": models.check_loaded,
    "archive": archive.check,
    "lanes": lanes.check,
    "webhooks": webhooks.check,
    "api": addresses.check_api,
    "flower": addresses.check_flower,
    "memory": machine.check_memory,
    "disk": machine.check_disk,
    "packages": packages.check,
    "secrets": secret_files.check,
}

_STYLES = {Status.OK: "green", Status.WARNING: "yellow", Status.FAILED: "bold red"}
_EXIT_CODES = {
    0: "Nothing failed; there may be warnings.",
    1: "Something failed: houses are not priced, or jobs may be lost.",
}


@click.command(cls=Command, exit_codes=_EXIT_CODES)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--timeout",
    "limit_s",
    type=click.FloatRange(0, min_open=True),
    default=5.0,
    show_default=True,
    help="Seconds for all checks, which run at once.",
)
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool, limit_s: float) -> None:
    """Look for what is wrong, and say what to do.

    It looks at the settings, Redis, the clock, the model store, the archive, the
    workers, the webhooks, the API, Flower, this machine, the installed packages and the
    files that hold secrets. It changes nothing.

    The installation is the one that the settings name, by default the `kerbside up` of
    the state folder.

    With --json it prints {"status", "findings": [{"check", "status", "found",
    "expected", "remedy"}]}; a status is ok, warning or failed, and the first one is
    the worst of all.
    """
    target = _target(frozenset(_option_variables(ctx.find_root().command)))
    findings = list(examine(CHECKS, target, limit_s=limit_s))
    worst = _worst(findings)
    if as_json:
        record = {"status": worst, "findings": [asdict(one) for one in findings]}
        click.echo(json.dumps(record, indent=2))
    else:
        results().print(_table(findings))
        click.echo(_summary(findings))
    ctx.exit(int(worst is Status.FAILED))


def _target(options: frozenset[str]) -> Target:
    """Return what the settings name; one that cannot be used counts as not set."""
    named = environment.variables()
    invalid: dict[str, str] = {}
    try:
        settings = ApiSettings.from_env()
    except ValidationError as error:
        invalid = {
            environment.PREFIX + str(one["loc"][0]).upper(): one["msg"]
            for one in error.errors()
        }
        usable = {name: named[name] for name in named if name not in invalid}
        settings = ApiSettings.from_env(usable)
    return Target(settings=settings, variables=named, invalid=invalid, options=options)


def _option_variables(command: click.Command) -> Iterator[str]:
    """Yield the variables that options of a command and of those below it read."""
    for parameter in command.params:
        names = parameter.envvar or ()
        yield from [names] if isinstance(names, str) else names
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from _option_variables(below)


def _worst(findings: Sequence[Finding]) -> Status:
    found = {one.status for one in findings}
    for status in (Status.FAILED, Status.WARNING):
        if status in found:
            return status
    return Status.OK


def _table(findings: Sequence[Finding]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in findings:
        style = _STYLES[one.status]
        table.add_row(Text(one.status, style), one.check, Text(one.found))
        if one.expected:
            table.add_row("", Text("expected", "dim"), Text(one.expected, "dim"))
            table.add_row("", Text("do", "bold"), Text(one.remedy, "bold"))
    return table


def _summary(findings: Sequence[Finding]) -> str:
    counts = [
        f"{sum(one.status is status for one in findings)} {status}" for status in Status
    ]
    return f"\n{', '.join(counts)}."
