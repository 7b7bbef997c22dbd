"""The laws of how an installation's Redis stands."""

import contextlib

import redis as redis_py

from worker.totals import Totals


def test_users_of_an_older_release_see_all_else(outdated_url: str) -> None:
    """They have no right to the feed of the archive, so there is none."""
    with contextlib.closing(redis_py.Redis.from_url(outdated_url)) as client:
        assert Totals(client).standing().backlog is None
