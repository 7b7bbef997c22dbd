"""The commands behind `python -m model_store` and `kerbside model`.

Each failure is one sentence on stderr; `_EXIT_CODES` says what each code means.
"""

from typing import Any

import click

from model_store.command_line import Group
from model_store.commands import (
    accuracy,
    aliases,
    card,
    evaluate,
    init,
    key,
    retrain,
    review_sample,
    sales,
    simulate,
    train,
    versions,
)
from model_store.errors import (
    AliasesChanged,
    ArtifactError,
    LeaseHeld,
    ModelStoreError,
)

_EXIT_CODES = {
    1: "The model store or the data set is not usable.",
    3: "The aliases are not at the generation of --if-generation.",
    4: "A version is damaged or not trusted.",
    5: "The recipe misses a goal of the data set.",
}


class _Changed(click.ClickException):
    exit_code = 3


class _Refused(click.ClickException):
    exit_code = 4


class _UnderWay(click.ClickException):
    exit_code = 8


class _Told(Group):
    """Tells an error of this package in one sentence, with its exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AliasesChanged as error:
            raise _Changed(str(error)) from error
        except LeaseHeld as error:
            raise _UnderWay(str(error)) from error
        except ArtifactError as error:
            raise _Refused(str(error)) from error
        except ModelStoreError as error:
            raise click.ClickException(str(error)) from error


@click.group(
    cls=_Told,
    exit_codes=_EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
def cli() -> None:
    """Train models, look at them, and say which one prices."""


for _command in (
    init.init,
    card.card,
    train.train,
    retrain.retrain,
    simulate.simulate,
    evaluate.evaluate,
    versions.list_versions,
    versions.show,
    aliases.promote,
    aliases.rollback,
    aliases.dismiss,
    aliases.read,
    versions.diff,
    key.key,
    review_sample.review_sample,
    sales.add_sales,
    sales.remove_sales,
    accuracy.accuracy,
):
    cli.add_command(_command)
