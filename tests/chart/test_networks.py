"""The laws of who may speak to whom; they are rendered here, not enforced."""

import random
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import pytest

from tests import routes
from tests.chart.chart import CHART, Manifest, Render, Rendered
from worker.webhook_settings import WebhookSettings
from worker.webhooks.addresses import is_allowed

Address = IPv4Address | IPv6Address


def test_every_pod_has_a_policy_for_both_directions(rendered: Rendered) -> None:
    """What it does not name is closed."""
    parts = {
        template["metadata"]["labels"]["app.kubernetes.io/component"]
        for _, template in rendered.pods()
    }
    policies = rendered.of("NetworkPolicy")

    assert parts <= {_part(one) for one in policies}
    for one in policies:
        assert one["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_webhooks_go_where_the_code_lets_them_go(render: Render) -> None:
    """To no private address and to none that is special, metadata's among them."""
    policy = render().one("NetworkPolicy", "worker-webhooks")
    blocks = [one["ipBlock"] for one in _internet(policy)]
    settings = WebhookSettings()

    for address in _samples(blocks):
        let_through = any(_holds(block, address) for block in blocks)
        assert let_through is is_allowed(address, settings), address


def test_webhooks_go_to_the_ports_of_the_setting(render: Render) -> None:
    """Those of the code, unless the values say otherwise."""
    usual = render().one("NetworkPolicy", "worker-webhooks")
    ports = {"settings": {"KERBSIDE_WEBHOOK_PORTS": "443, 9443"}}
    other = render(values=ports).one("NetworkPolicy", "worker-webhooks")

    assert _ports(usual) == set(WebhookSettings().webhook_ports)
    assert _ports(other) == {443, 9443}


def test_no_other_part_reaches_the_internet(render: Render) -> None:
    """Models on a volume: only who sends webhooks needs it."""
    reaching = {
        _part(one) for one in render().of("NetworkPolicy") if list(_internet(one))
    }

    assert reaching == {"worker-webhooks"}


def test_sentinels_are_reached_beside_the_servers(render: Render) -> None:
    """On the port of each."""
    policy = render(CHART / "ci" / "sentinel-values.yaml").one("NetworkPolicy", "api")
    ports = {one["port"] for rule in policy["spec"]["egress"] for one in rule["ports"]}

    assert ports == {53, 6380, 26379, 26380}


@pytest.mark.parametrize(
    ("triggers", "part"), [("redis", "redis"), ("metrics-api", "api")]
)
def test_keda_comes_in_where_it_asks_and_nowhere_else(
    render: Render, triggers: str, part: str
) -> None:
    """From its own namespace."""
    scaling = {"mode": "keda", "triggers": triggers}
    rendered = render(
        values={
            "figuresKey.existingSecret": "key",
            "networkPolicy.apiFrom": [{"podSelector": {"matchLabels": {"a": "b"}}}],
            "workers.predictions.autoscaling": scaling,
        }
    )

    open_to_keda = {
        _part(one)
        for one in rendered.of("NetworkPolicy")
        if "'kubernetes.io/metadata.name': 'keda'" in str(one["spec"].get("ingress"))
    }
    assert open_to_keda == {part}


def test_redis_hears_the_parts_that_have_a_user_in_it(render: Render) -> None:
    """Not training, which needs models alone, and nobody from elsewhere."""
    (rule,) = render().one("NetworkPolicy", "redis")["spec"]["ingress"]

    (peer,) = rule["from"]
    (but,) = peer["podSelector"]["matchExpressions"]
    assert (but["operator"], but["values"]) == (
        "NotIn",
        ["redis", "training", "migration"],
    )


def test_clients_reach_every_route_but_those_of_operators(render: Render) -> None:
    """Whatever the controller: what is not named, or led nowhere, comes to no pod."""
    documented, operators = routes.documented(), routes.of_operators()
    host = {"ingress.enabled": True, "ingress.host": "prices.example.org"}
    closed, open_ = (
        render(values={**host, "ingress.operators": are_open})
        for are_open in (False, True)
    )

    lost = {path for path in documented if not _leads_to_pods(closed, path)}
    assert lost == operators | {"/ops"}
    assert not {path for path in documented if not _leads_to_pods(open_, path)}


def _part(policy: Manifest) -> str:
    labels: dict[str, str] = policy["spec"]["podSelector"]["matchLabels"]
    return labels["app.kubernetes.io/component"]


def _internet(policy: Manifest) -> list[dict[str, Any]]:
    return [
        peer
        for rule in policy["spec"].get("egress") or ()
        for peer in rule.get("to") or ()
        if "ipBlock" in peer
    ]


def _ports(policy: Manifest) -> set[int]:
    (rule,) = (
        rule for rule in policy["spec"]["egress"] if "ipBlock" in str(rule.get("to"))
    )
    return {one["port"] for one in rule["ports"]}


def _holds(block: dict[str, Any], address: Address) -> bool:
    """Tell whether a block lets an address through."""
    networks = map(ip_network, block["except"])
    return address in ip_network(block["cidr"]) and all(
        address not in network for network in networks
    )


def _samples(blocks: list[dict[str, Any]]) -> set[Address]:
    """Return addresses at both sides of every border, and many from anywhere."""
    seeded = random.Random(1)
    borders = [one for block in blocks for one in (block["cidr"], *block["except"])]
    found: set[Address] = {ip_address(seeded.getrandbits(32)) for _ in range(2000)}
    found |= {IPv6Address(seeded.getrandbits(128)) for _ in range(2000)}
    for network in map(ip_network, (*borders, "fc00::/7", "fe80::/10")):
        kind, most = type(network[0]), 2**network.max_prefixlen
        first, last = int(network[0]), int(network[-1])
        found |= {kind(n % most) for n in (first - 1, first, last, last + 1)}
    return found | {ip_address("169.254.169.254"), ip_address("fd00:ec2::254")}


def _leads_to_pods(rendered: Rendered, route: str) -> bool:
    """Tell whether an Ingress leads a route to pods: the longest path takes it."""
    (rule,) = rendered.one("Ingress", "api")["spec"]["rules"]
    takers = [
        one
        for one in rule["http"]["paths"]
        if route == one["path"]
        or (one["pathType"] == "Prefix" and route.startswith(f"{one['path']}/"))
    ]
    if not takers:
        return False
    taker = max(takers, key=lambda one: len(one["path"]))
    part = taker["backend"]["service"]["name"].rpartition("-")[2]
    return "selector" in rendered.one("Service", part)["spec"]
