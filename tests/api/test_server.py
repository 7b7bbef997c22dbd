"""Laws of the command that serves the application."""

import pytest

from api import server


@pytest.mark.parametrize("waiters", [1, 96, 1000])
def test_waiters_leave_threads_for_everybody_else(waiters: int) -> None:
    """However many may wait."""
    words = server.command(host="127.0.0.1", port=1, processes=1, waiters=waiters)

    assert f"--blocking-threads={waiters + 32}" in words
