"""Connections to a database are opened once, and wait for whoever asks next."""

import contextlib
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import make_url

from model_store.archive import engines, gate


def test_as_many_as_may_ask_at_a_time_open_no_connection_twice(tmp_path: Path) -> None:
    """To open one, with its pragmas, takes longer than to read a price."""
    file = tmp_path / "archive.db"
    file.touch()
    engine = engines.make(make_url(f"sqlite:///{file}"), limit_s=1)
    opened: list[object] = []
    event.listen(engine, "connect", lambda *_: opened.append(None))

    for _ in range(2):
        with contextlib.ExitStack() as held:
            for _ in range(gate.AT_ONCE):
                held.enter_context(engine.connect())
    engine.dispose()

    assert len(opened) == gate.AT_ONCE
