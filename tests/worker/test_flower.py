"""Laws of how Flower is started; tests/system/test_flower.py has those of its pages."""

import pytest
from click.testing import CliRunner

from worker import flower


@pytest.mark.parametrize("login", ["", "kerbside", "kerbside:", ":secret"])
def test_without_a_login_flower_does_not_start(login: str) -> None:
    """It never stands open because a variable was forgotten; the message names it."""
    done = CliRunner().invoke(flower.main, env={"FLOWER_BASIC_AUTH": login})

    assert done.exit_code == 2
    assert "FLOWER_BASIC_AUTH" in done.stderr
