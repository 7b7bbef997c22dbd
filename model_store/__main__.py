"""`python -m model_store` is `kerbside model`."""

from collections.abc import Callable
from functools import partial

from model_store import interruption


def _loaded() -> Callable[[], object]:
    from model_store import command_line  # noqa: PLC0415 -- Ctrl-C may come meanwhile
    from model_store.cli import cli  # noqa: PLC0415

    command_line.set_up_logs()
    return partial(
        cli, prog_name="kerbside model", complete_var="_KERBSIDE_MODEL_COMPLETE"
    )


interruption.run(_loaded)
