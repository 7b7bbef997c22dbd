"""Laws of the keys that seal an installation's secrets."""

from pathlib import Path

import click
import pytest

from api.launcher import sealing_keys
from worker.settings import WorkerSettings
from worker.webhooks.sealing import SecretBox, new_key


@pytest.fixture
def local(tmp_path: Path) -> WorkerSettings:
    """Return settings that name a state folder and no keys."""
    return WorkerSettings(state_dir=tmp_path)


def test_a_key_is_made_once(local: WorkerSettings) -> None:
    """What it has sealed opens after every start; no other user can read it."""
    assert sealing_keys.known(local) == ()

    (made,) = sealing_keys.ensured(local)

    assert tuple(sealing_keys.ensured(local)) == (made,)
    assert tuple(sealing_keys.known(local)) == (made,)
    assert SecretBox([made]).open(SecretBox([made]).seal("x")) == "x"
    assert (local.state_dir / "secret-keys").stat().st_mode & 0o777 == 0o600


def test_keys_that_were_set_are_the_ones(local: WorkerSettings) -> None:
    """None is made beside them."""
    keys = (new_key(), new_key())
    settings = local.model_copy(update={"secret_keys": keys})

    assert sealing_keys.ensured(settings) == keys
    assert not (local.state_dir / "secret-keys").exists()


def test_a_key_can_be_replaced_in_the_file(local: WorkerSettings) -> None:
    """One a line: the first seals, all of them open."""
    keys = (new_key(), new_key())
    (local.state_dir / "secret-keys").write_text("\n".join(keys))

    assert sealing_keys.ensured(local) == keys


@pytest.mark.parametrize(
    ("text", "told"), [("", "is empty"), ("damaged", "expected 32 bytes")]
)
def test_a_damaged_file_is_told_and_left_as_it_is(
    local: WorkerSettings, text: str, told: str
) -> None:
    """A new key in its place would open nothing of what the old one sealed."""
    path = local.state_dir / "secret-keys"
    path.write_text(text)

    with pytest.raises(click.UsageError, match=told) as refused:
        sealing_keys.ensured(local)

    assert str(path) in refused.value.message
    assert path.read_text() == text
