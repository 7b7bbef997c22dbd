"""What the balancer of the compose file lets clients come to."""

import re

from tests import routes
from tests.structure.source import ROOT

CONFIGURATION = ROOT / "deploy" / "nginx" / "nginx.conf"


def test_clients_reach_every_route_but_those_of_operators() -> None:
    """A route whose key reaches over all tenants is on the operators' port alone."""
    documented, operators = routes.documented(), routes.of_operators()

    closed = {path for path in documented if _is_closed(path, _server(8080))}

    assert closed == operators | {"/ops"}
    assert not {path for path in documented if _is_closed(path, _server(8081))}


def _server(port: int) -> str:
    """Return the block of the server at a port."""
    servers = re.split(r"\n    server \{", CONFIGURATION.read_text())
    (found,) = (one for one in servers if f"listen {port};" in one)
    return found


def _is_closed(path: str, server: str) -> bool:
    closed = re.findall(r"location (= )?(\S+) \{ return 404; \}", server)
    return any(
        path == place if is_exact else path.startswith(place)
        for is_exact, place in closed
    )
