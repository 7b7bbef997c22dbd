"""What `kerbside predict` is asked to do, how it begins or goes on, and does it."""

import itertools
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

import click

from api.client import RESULT_COLUMNS, ApiError, Client, KerbsideError
from api.commands import copies, house_columns, pricing, progress
from api.commands.priced_file import Place, Stream, Table
from api.commands.pricing import Run
from api.house_file import HouseFile, WrongFile

#: Predictions of rows of an interrupted command that are deleted together.
_TOGETHER = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for on the command line."""

    houses: str
    output: str
    url: str | None
    key: str | None
    version: str
    prefix: str
    no_features: tuple[str, ...]
    at_once: int
    timeout_s: float
    #: None: a matter of how many there are.
    keep: bool | None
    overwrite: bool
    as_json: bool


@dataclass(slots=True, kw_only=True)
class Task:
    """What is to be done, and how far it is."""

    run: Run
    table: Table
    kinds: Mapping[str, str]
    passed_through: list[str]
    houses: int
    #: Whether the service keeps predictions whose rows are written.
    keep: bool
    #: What is kept of the run: its `deleted` counts the rows whose predictions are not.
    record: dict[str, Any]
    #: Rows that an interrupted command had priced.
    resumed_at: int
    done: int
    failed: int
    begun: float = field(default_factory=time.monotonic)


def begun(
    options: Options, client: Client, source: HouseFile, place: Place | Stream
) -> Task:
    """Look at everything that could be wrong, then begin or go on.

    Raises:
        click.UsageError: The file, the output or the version is not usable.
        KerbsideError: The API cannot be asked for the model version.
    """
    try:
        houses, digest = source.checked()
        table = _table(options, source)
        asked: dict[str, Any] = {"input": digest, "version": options.version}
        asked |= {"columns": list(table.columns)}
        asked |= {"no-features": sorted(options.no_features)}
        before = _before(options, place, asked)
        card = _card(client, before.get("model_version", options.version))
        features = card["schema"]["features"]
        kinds = house_columns.kinds(source.columns, features, options.no_features)
    except WrongFile as error:
        raise click.UsageError(str(error)) from error
    run = Run(before.get("id") or uuid.uuid4().hex, card["version"])
    done, priced, record = 0, 0, before
    if before:
        done, priced = place.go_on(table)
    else:
        record = {**asked, "id": run.id, "model_version": run.model_version}
        record["deleted"] = 0
        place.begin(record, table)
    return Task(
        run=run,
        table=table,
        kinds=kinds,
        passed_through=[name for name in source.columns if name not in kinds],
        houses=houses,
        keep=houses <= copies.MOST_KEPT if options.keep is None else options.keep,
        record=record,
        resumed_at=done,
        done=done,
        failed=done - priced,
    )


def _table(options: Options, source: HouseFile) -> Table:
    results = [options.prefix + name for name in RESULT_COLUMNS]
    if taken := set(results).intersection(source.columns):
        raise WrongFile(
            f"{options.houses} has a column {min(taken)!r} already: say --prefix, such"
            " as --prefix predicted_."
        )
    return Table([*source.columns, *results], source.delimiter, source.mark)


def _before(
    options: Options, place: Place | Stream, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what is known of the run to go on with, nothing if there is none."""
    if options.overwrite:
        return {}
    before = place.unfinished()
    if not before and place.is_taken():
        raise click.UsageError(
            f"{options.output} is there already: choose another output, or say"
            " --overwrite."
        )
    differs = [name for name in asked if before and before.get(name) != asked[name]]
    if differs:
        raise click.UsageError(
            f"{options.output}.part is of another run, its {differs[0]} differs: finish"
            " that one, choose another output, or say --overwrite."
        )
    return before


def _card(client: Client, version: str) -> dict[str, Any]:
    try:
        return client.model(version)
    except ApiError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            raise click.UsageError(f"--version {version}: {error}") from error
        raise


def price(task: Task, client: Client, source: HouseFile, place: Place | Stream) -> None:
    """Do what is left of it.

    Raises:
        KerbsideError: The service fails; the same command goes on.
    """
    _release(task, client, place)
    rows = itertools.islice(source.rows(), task.done, None)
    house = partial(house_columns.house, columns=source.columns, kinds=task.kinds)
    shown = progress.shown(
        "Pricing", total=task.houses, done=task.done, is_hidden=place.is_watched()
    )
    with place.growing() as file, shown as step:
        for some in task.run.priced(client, rows, house, first=task.done):
            written = []
            for row, result in some:
                written.append([*row, *pricing.cells(result)])
                task.table.write_row(file, written[-1])
                task.done += 1
                task.failed += isinstance(result, KerbsideError)
                step()
            if not task.keep:
                place.secure(file)
                _delete(task, client, place, written)
    place.finish()


def _release(task: Task, client: Client, place: Place | Stream) -> None:
    """Delete what an interrupted command has left of rows that it had written."""
    if task.keep:
        return
    rows = place.rows(task.table, first=task.record["deleted"])
    while some := list(itertools.islice(rows, _TOGETHER)):
        _delete(task, client, place, some)


def _delete(
    task: Task, client: Client, place: Place | Stream, rows: Sequence[Sequence[Any]]
) -> None:
    copies.delete(client, rows)
    task.record["deleted"] += len(rows)
    place.note(task.record)
