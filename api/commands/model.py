"""`kerbside model`: handed to a program that may load the model stack."""

import os
import shlex
import signal
import subprocess
import sys

import click
from click.shell_completion import CompletionItem

from api.commands import auditing
from api.launcher import installation
from api.settings import child_environment
from model_store import options
from model_store.command_line import DONE, WRONG_USAGE, Command

_PROGRAM = (sys.executable, "-m", "model_store")
#: Commands that say what prices houses or what is learnt from, or give houses out ->
#: the operation, in the audit log. The first model that is trained prices at once, and
#: others if that was asked for.
_AUDITED = {
    "review-sample": "draw_review_sample",
    "add-sales": "add_sales",
    "remove-sales": "remove_sales",
    "promote": "promote_model",
    "rollback": "rollback_model",
    "dismiss": "dismiss_challenger",
    "train": "promote_model",
    "retrain": "promote_model",
}
#: What the shell adds to the number of a signal that ended a program.
_BY_SIGNAL = 128


def _completed(
    ctx: click.Context, _: click.Parameter | None, incomplete: str
) -> list[CompletionItem]:
    """Return what may follow, as the other program says it."""
    words = ["kerbside", *ctx.params["arguments"], incomplete]
    told = subprocess.run(
        _PROGRAM,
        env=child_environment(
            _KERBSIDE_MODEL_COMPLETE="bash_complete",
            COMP_WORDS=shlex.join(words),
            COMP_CWORD=str(len(words) - 1),
        ),
        check=False,
        capture_output=True,
        text=True,
    ).stdout
    pairs = (line.partition(",") for line in told.splitlines())
    return [CompletionItem(value, type=kind) for kind, _, value in pairs]


class _Handed(Command):
    """A command whose options are those of the other program."""

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """Return the options that may follow."""
        return _completed(ctx, None, incomplete)


@click.command(
    cls=_Handed,
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
@click.argument(
    "arguments", nargs=-1, type=click.UNPROCESSED, shell_complete=_completed
)
def model(arguments: tuple[str, ...]) -> None:
    """Train models and look at them: `kerbside model --help`."""
    operation = _operation(arguments)
    if operation is None or {"-h", "--help"}.intersection(arguments):
        os.execv(sys.executable, [*_PROGRAM, *arguments])  # noqa: S606 -- becomes the program, no shell
    if arguments[0] in _TYPED:
        sys.exit(_written_down(operation, arguments))
    sys.exit(_changed(operation, arguments))


def _written_down(operation: str, arguments: tuple[str, ...]) -> int:
    """Run a command, and write down what it was asked for: no house is told."""
    typed = _TYPED[arguments[0]]
    code = _run(arguments)
    if code != WRONG_USAGE:
        context = typed.make_context("", list(arguments[1:]), resilient_parsing=True)
        asked = ((one, context.params[str(one.name)]) for one in typed.params)
        told = [
            f"{one.opts[0].lstrip('-')}={value}"
            for one, value in asked
            if value is not None
        ]
        auditing.keep(operation, told, "done" if code == DONE else "failed")
    return code


def _changed(operation: str, arguments: tuple[str, ...]) -> int:
    """Change what prices houses, and write down who has, or that nobody could."""
    typed = _typed.make_context("", list(arguments[1:]), resilient_parsing=True).params
    settings = installation.read_settings()
    if typed["store_url"]:
        settings = settings.model_copy(update={"store_url": typed["store_url"]})
    known = auditing.changes(settings)
    code = _run(arguments)
    made = [one for one in auditing.changes(settings) if one not in known]
    auditing.keep_changes(made)
    # A training that promotes nothing changes no price.
    is_told = arguments[0] in {"train", "retrain"} or (made and code == DONE)
    if not is_told and code != WRONG_USAGE:
        named = [typed["version"]] if typed["version"] else []
        auditing.keep(operation, named, "done" if code == DONE else "failed")
    return code


def _operation(arguments: tuple[str, ...]) -> str | None:
    """Return under which name a command is written down; None: it is not."""
    operation = _AUDITED.get(arguments[0]) if arguments else None
    if operation == "promote_model" and _typed_post(arguments[1:]) == "challenger":
        return "name_challenger"
    return operation


def _run(arguments: tuple[str, ...]) -> int:
    """Run the other program to its end; Ctrl-C is its own affair, SIGTERM passed on."""
    with subprocess.Popen([*_PROGRAM, *arguments]) as program:
        before = (
            signal.signal(signal.SIGINT, signal.SIG_IGN),
            signal.signal(signal.SIGTERM, lambda *_: program.terminate()),
        )
        try:
            code = program.wait()
        finally:
            signal.signal(signal.SIGINT, before[0])
            signal.signal(signal.SIGTERM, before[1])
    return code if code >= 0 else _BY_SIGNAL - code


@click.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("version", required=False)
@click.option("--as", "post", default="champion")
@options.if_generation
@options.store
@options.as_json
def _typed() -> None:
    """Read what the other program was told."""


@click.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@options.sample_size
@options.sample_seed
@options.sample_version
@options.sample_by
@options.sample_allocation
def _sample() -> None:
    """Read which sample the other program was asked for."""


@click.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.option("--data")
@click.argument("table", required=False)
def _sales() -> None:
    """Read which table the other program was told."""


#: Commands of which the audit log has what they were asked for.
_TYPED = {"review-sample": _sample, "add-sales": _sales, "remove-sales": _sales}


def _typed_post(words: tuple[str, ...]) -> str:
    post: str = _typed.make_context("", list(words), resilient_parsing=True).params[
        "post"
    ]
    return post
