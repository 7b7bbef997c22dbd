"""`kerbside model card`."""

import json
from pathlib import Path

import click

from model_store import options
from model_store.card_page import content, html, markdown
from model_store.command_line import Command
from model_store.commands import opening


@click.command(cls=Command)
@click.argument("version", default="champion")
@click.option(
    "--html",
    "html_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write an HTML page, which needs no other file.",
)
@click.option(
    "--markdown",
    "markdown_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a Markdown page. Without any option it goes to stdout.",
)
@options.store
@options.as_json
def card(
    *,
    version: str,
    html_file: Path | None,
    markdown_file: Path | None,
    store_url: str | None,
    as_json: bool,
) -> None:
    """Write the card of VERSION, which may be an alias, for people to read.

    Data, licence and period, figures with intervals, segments, calibration, limits and
    intended use, and what there is for each factor of the US quality-control rule.

    With --json it prints {"title", "sections"}, as `GET /v1/models/VERSION/report`.
    """
    store = opening.store(store_url)
    version = store.resolve(version)
    told, signer = store.card(version), store.signer(version)
    if html_file:
        html_file.write_text(html.page(told, signer), encoding="utf-8")
    if markdown_file:
        markdown_file.write_text(markdown.page(told, signer), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(content.record(told, signer), indent=2))
    elif not html_file and not markdown_file:
        click.echo(markdown.page(told, signer), nl=False)
