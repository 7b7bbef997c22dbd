"""`python -m api` is `kerbside`."""

from collections.abc import Callable
from functools import partial

from model_store import interruption


def main() -> None:
    """Run `kerbside`."""
    interruption.run(_loaded)


def _loaded() -> Callable[[], object]:
    from api.cli import main as program  # noqa: PLC0415 -- Ctrl-C may come meanwhile
    from model_store import command_line  # noqa: PLC0415

    command_line.set_up_logs()
    return partial(program, prog_name="kerbside")


if __name__ == "__main__":
    main()
