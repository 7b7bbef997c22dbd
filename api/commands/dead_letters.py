"""`kerbside dead-letters`: jobs that killed their workers are looked at and ended."""

import contextlib
import functools
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import click
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from api.commands import asking, auditing, letter_display, redis_access
from api.launcher import faults, installation
from api.launcher.faults import NotFound, QueueRefused, RedisUnreachable
from model_store.command_line import Group, results
from worker.audit import Outcome
from worker.dead_letters import DeadLetter, DeadLetters, Selection, causes
from worker.errors import JobGone, UnknownJob
from worker.jobs import rfc3339
from worker.letter_runs import LetterRun

#: Letters that a list shows, when nothing is said.
_SHOWN = 50

_EXIT_CODES = {
    1: "The question was answered with no, or an unexpected fault.",
    **faults.exit_codes(RedisUnreachable, NotFound, QueueRefused),
}

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_cause = click.option("--cause", help="Only those whose error holds this text.")
_version = click.option("--version", help="Only those of this model version.")


@click.group("dead-letters", cls=Group, exit_codes=_EXIT_CODES)
def dead_letters() -> None:
    """Look at dead letters, replay or discard them.

    A job is a dead letter when its worker died three times while pricing its house.
    They are those of all tenants, in the Redis at KERBSIDE_REDIS_URL, by default in
    that of the `kerbside up` which runs on the state folder.
    """


@dead_letters.command("list")
@click.option("--by-cause", is_flag=True, help="Count them by their error instead.")
@_cause
@_version
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=_SHOWN,
    show_default=True,
    help="How many, at most.",
)
@_as_json
def list_letters(
    *,
    by_cause: bool,
    cause: str | None,
    version: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List dead letters, newest first, without their houses.

    With --json it prints {"results": [{"id", "tenant", "model", "version", "crashes",
    "attempts", "died_at", "error"}], "more"}, where `more` tells whether --limit left
    some out; with --by-cause as well {"results": [{"error", "count", "versions",
    "first", "last"}], "more"}, most frequent first.
    """
    selection = Selection(cause=cause, version=version)
    with _kept() as kept:
        found: Sequence[dict[str, Any]]
        if by_cause:
            found = [one.public() for one in causes(kept.every(selection))]
        else:
            letters = itertools.islice(kept.every(selection), limit + 1)
            found = [one.public() for one in letters]
    shown, more = found[:limit], len(found) > limit
    if as_json:
        click.echo(json.dumps({"results": shown, "more": more}))
        return
    if not shown:
        click.echo("No dead letters.")
        return
    told = letter_display.cause_lines if by_cause else letter_display.letter_lines
    _print_lines(map(told, shown))
    if more:
        click.echo(f"There are more than these {limit}: --limit shows them.", err=True)


@dead_letters.command()
@click.argument("job_id", metavar="ID")
@_as_json
def show(*, job_id: str, as_json: bool) -> None:
    """Show the dead letter ID with its house.

    With --json it prints what `list` does of it, and "input", "metadata",
    "created_at", "expires_at".
    """
    with _kept() as kept, _told_as_missing(job_id):
        letter = kept.find(job_id)
        job = kept.job(letter)
    record = letter.public() | {
        "created_at": rfc3339(job.created_ms),
        "expires_at": rfc3339(job.expires_ms),
        "metadata": json.loads(job.metadata),
        "input": json.loads(job.input),
    }
    if as_json:
        click.echo(json.dumps(record))
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in record.items():
        told = value if isinstance(value, str) else json.dumps(value, indent=2)
        table.add_row(Text(name, "bold"), Text(told))
    results().print(table)


def _acting(command: Callable[..., None]) -> Callable[..., None]:
    """Add what a command takes that acts on letters."""
    for option in (
        _as_json,
        click.option("--yes", "-y", is_flag=True, help="Do not ask."),
        click.option("--dry-run", is_flag=True, help="Only tell which it would be."),
        _version,
        _cause,
        click.option("--all", "everything", is_flag=True, help="All that there are."),
        click.argument("ids", nargs=-1, metavar="[ID]..."),
    ):
        command = option(command)
    return command


@dead_letters.command()
@_acting
def replay(**given: Any) -> None:
    """Let jobs wait anew: those with an ID, --all, or those of a --cause or --version.

    A job keeps its id and may crash as often as a new one. Mend first what killed the
    workers. It asks before it acts on more than one.

    With --json it prints {"action": "replay", "dry_run", "selected", "done", "skipped":
    [{"id", "reason"}]}; skipped is what was left as it is.
    """
    _act(_Action("replay", "replayed", DeadLetters.replay), _Asked(**given))


@dead_letters.command()
@_acting
def discard(**given: Any) -> None:
    """Erase jobs: those with an ID, --all, or those of a --cause or --version.

    House and labels go for good; who asks for the job is told that it was deleted. It
    asks before it acts on more than one.

    With --json it prints {"action": "discard", "dry_run", "selected", "done",
    "skipped": [{"id", "reason"}]}; skipped is what was left as it is.
    """
    _act(_Action("discard", "discarded", DeadLetters.discard), _Asked(**given))


@dataclass(frozen=True, slots=True)
class _Action:
    """What is done to letters."""

    verb: str
    past: str
    on: Callable[[DeadLetters, DeadLetter], object]

    def run(self, kept: DeadLetters, letters: Sequence[DeadLetter]) -> LetterRun:
        """Act on letters, and write down what was done, however it ends.

        Raises:
            QueueRefused: The queue takes no more.
        """
        run = LetterRun()
        outcome: Outcome = "failed"
        try:
            run.go(functools.partial(self.on, kept), letters)
            outcome = "failed" if run.refusal else "done"
        finally:
            auditing.keep(f"{self.verb}_dead_letters", run.done, outcome)
        if run.refusal:
            raise QueueRefused(
                f"{run.refusal} {len(run.done)} were {self.past}; the others are as "
                "they were. Repeat the command when there is room."
            ) from run.refusal
        return run

    def tell(self, selected: int, run: LetterRun, asked: "_Asked") -> None:
        """Print the counts."""
        if asked.as_json:
            record = {"action": self.verb, "dry_run": asked.dry_run}
            skipped = [asdict(one) for one in run.skipped]
            told = {"selected": selected, "done": len(run.done), "skipped": skipped}
            click.echo(json.dumps(record | told))
        elif asked.dry_run:
            click.echo(f"{selected} would be {self.past}.")
        else:
            click.echo(f"{len(run.done)} {self.past}.")
        if run.skipped and not asked.as_json:
            reason = run.skipped[0].reason
            click.echo(f"{len(run.skipped)} are as they were: {reason}", err=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What was asked for on the command line."""

    ids: Sequence[str]
    everything: bool
    cause: str | None
    version: str | None
    dry_run: bool
    yes: bool
    as_json: bool

    @property
    def selects(self) -> bool:
        """Tell whether letters are chosen by something else than their ids."""
        by_filter = self.cause is not None or self.version is not None
        return self.everything or by_filter


def _act(action: _Action, asked: _Asked) -> None:
    if bool(asked.ids) is asked.selects:
        raise click.UsageError("Say which: IDs, or --all, --cause or --version.")
    selection = Selection(cause=asked.cause, version=asked.version)
    with _kept() as kept:
        named = [_found(kept, one) for one in dict.fromkeys(asked.ids)]
        # What comes to be one while the question waits was not agreed to.
        letters = named or list(kept.every(selection))
        if len(letters) > 1 and not (asked.dry_run or asked.yes):
            asking.agree(
                f"{action.verb} {len(letters)} dead letters",
                otherwise="--yes, or --dry-run",
            )
        run = LetterRun() if asked.dry_run else action.run(kept, letters)
    action.tell(len(letters), run, asked)


@contextlib.contextmanager
def _kept() -> Iterator[DeadLetters]:
    settings = installation.read_settings()
    with redis_access.connected(settings) as client:
        yield DeadLetters(client, settings)


def _found(kept: DeadLetters, job_id: str) -> DeadLetter:
    with _told_as_missing(job_id):
        return kept.find(job_id)


@contextlib.contextmanager
def _told_as_missing(job_id: str) -> Iterator[None]:
    try:
        yield
    except (JobGone, UnknownJob) as error:
        raise NotFound(
            f"There is no dead letter {job_id}; `kerbside dead-letters list` shows all."
        ) from error


def _print_lines(lines: Iterable[tuple[str, str]]) -> None:
    console = results()
    for first, second in lines:
        console.print(Text(first, "bold"), soft_wrap=True)
        console.print(Padding(Text(second), (0, 0, 0, 4), expand=False))
