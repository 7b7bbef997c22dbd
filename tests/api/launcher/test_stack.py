"""Laws of the processes of an installation."""

from pathlib import Path

import pytest

from api.launcher.stack import Stack
from api.launcher.statefolder import StateFolder
from api.settings import server_threads

KEY_FILE = "KERBSIDE_SIGNING_KEY_FILE"


@pytest.mark.parametrize("key_file", [Path("/keys/signing.pem"), None])
def test_training_alone_is_given_the_signing_key(
    tmp_path: Path, key_file: Path | None
) -> None:
    """Without one that was named it finds that of the state folder."""
    stack = Stack(
        state=StateFolder(tmp_path),
        environment={KEY_FILE: ""},
        lock=0,
        port=1,
        flower_port=2,
        flower_password="secret",
        predictors=1,
        drain_s=1,
        api_threads=server_threads(1),
        signing_key_file=key_file,
    )
    others = [stack.api(), stack.upkeep_worker(), stack.beat(), stack.flower()]

    assert stack.training().environment[KEY_FILE] == str(key_file or "")
    assert {
        spec.environment[KEY_FILE] for spec in (*others, *stack.prediction_workers())
    } == {""}
