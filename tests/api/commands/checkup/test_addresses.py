"""What is said of an API and a Flower that answer, answer ill, or not at all."""

from pathlib import Path

import pytest

from api.commands.checkup import addresses
from api.commands.checkup.finding import Status, Target
from api.launcher.statefolder import StateFolder
from api.settings import ApiSettings
from tests.api.commands.checkup.conftest import changed, only, statuses
from tests.api.commands.conftest import Serve


def test_what_is_not_ready_is_told_in_its_own_words(
    target: Target, serve: Serve
) -> None:
    """A process that answers may still take no submits."""
    problem = b'{"detail": "No model to price with."}'
    port = serve({"/healthz": (200, b"{}"), "/readyz": (503, problem)})
    url = f"http://127.0.0.1:{port}"

    found = list(addresses.check_api(changed(target, public_url=url)))

    assert statuses(found) == {"api": Status.OK, "api ready": Status.FAILED}
    ready = only(found, "api ready")
    assert ready.found == f"{url}/readyz: 503 No model to price with."


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense", "https://[::1]:1"])
def test_what_does_not_answer_is_told_once(target: Target, url: str) -> None:
    """The remedy says where the address comes from."""
    (found,) = addresses.check_api(changed(target, public_url=url))

    assert (found.check, found.status) == ("api", Status.FAILED)
    assert "KERBSIDE_PUBLIC_URL" in found.remedy


def test_where_commands_find_the_api_it_is_looked_for(serve: Serve) -> None:
    """The public URL may lead nowhere from inside of a container."""
    port = serve(dict.fromkeys(("/healthz", "/readyz"), (200, b"OK")))
    variables = {"KERBSIDE_URL": f"http://127.0.0.1:{port}/"}
    target = Target(
        settings=ApiSettings(public_url="http://127.0.0.1:1"), variables=variables
    )

    found = list(addresses.check_api(target))

    assert statuses(found) == {"api": Status.OK, "api ready": Status.OK}


def test_the_ports_of_the_last_up_are_known(serve: Serve, tmp_path: Path) -> None:
    """`--port 0` takes any, and no variable says which."""
    answers = dict.fromkeys(("/healthz", "/readyz"), (200, b"OK"))
    answers["/healthcheck"] = (401, b"Access denied")
    port = serve(answers)
    StateFolder.prepare(tmp_path).note_ports(api=port, flower=port)
    target = Target(settings=ApiSettings(state_dir=tmp_path))

    found = [*addresses.check_api(target), *addresses.check_flower(target)]

    assert statuses(found) == dict.fromkeys(("api", "api ready", "flower"), Status.OK)
    assert f":{port}/" in found[0].found


def test_a_flower_that_is_open_to_everybody_is_a_warning(
    serve: Serve, tmp_path: Path
) -> None:
    """Stock Flower shows some pages without a login, names of tasks among them."""
    port = serve({"/healthcheck": (200, b"OK")})
    StateFolder.prepare(tmp_path).note_ports(flower=port)

    (found,) = addresses.check_flower(Target(settings=ApiSettings(state_dir=tmp_path)))

    assert found.status == Status.WARNING
    assert "worker.flower" in found.remedy


def test_a_flower_that_does_not_answer_is_a_warning(tmp_path: Path) -> None:
    """Houses are priced without it; where no `up` was, there is none to ask."""
    target = Target(settings=ApiSettings(state_dir=tmp_path))
    before = list(addresses.check_flower(target))
    StateFolder.prepare(tmp_path).note_ports(api=1, flower=1)

    after = statuses(addresses.check_flower(target))

    assert (before, after) == ([], {"flower": Status.WARNING})
