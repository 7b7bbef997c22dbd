"""The laws of the breaker."""

import threading

import pytest
import redis as redis_py

from api.circuit import OPEN_S, Circuit
from api.errors import RedisUnavailable
from tests.clock import Clock


class World:
    """A Redis that answers or not, and the time there."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.answers = True
        self.probes = 0

    def probe(self) -> None:
        """Answer, or let the asker wait in vain."""
        self.probes += 1
        if not self.answers:
            raise redis_py.TimeoutError


@pytest.fixture
def world(clock: Clock) -> World:
    """Return a world in which all is well."""
    return World(clock)


@pytest.fixture
def circuit(world: World) -> Circuit:
    """Return a closed circuit."""
    return Circuit(world.probe, clock=world.clock)


def test_a_closed_circuit_asks_nothing(circuit: Circuit, world: World) -> None:
    """While all is well it costs nothing."""
    circuit.check()
    assert world.probes == 0


def test_a_timeout_opens_it_for_two_seconds(circuit: Circuit, world: World) -> None:
    """Nobody else waits for a Redis that has just let one wait."""
    circuit.report(redis_py.TimeoutError())
    world.clock.seconds += OPEN_S - 0.01

    with pytest.raises(RedisUnavailable):
        circuit.check()
    assert world.probes == 0


def test_a_refused_connection_leaves_it_closed(circuit: Circuit) -> None:
    """A refusal comes at once and holds no thread."""
    circuit.report(redis_py.ConnectionError())
    circuit.report(redis_py.ResponseError())

    circuit.check()


def test_a_probe_that_is_answered_closes_it(circuit: Circuit, world: World) -> None:
    """It recovers by itself."""
    circuit.report(redis_py.TimeoutError())
    world.clock.seconds += OPEN_S

    circuit.check()
    circuit.check()

    assert world.probes == 1


def test_a_probe_in_vain_keeps_it_open(circuit: Circuit, world: World) -> None:
    """Another two seconds, counted from the end of the probe."""
    circuit.report(redis_py.TimeoutError())
    world.clock.seconds += OPEN_S
    world.answers = False

    with pytest.raises(redis_py.TimeoutError):
        circuit.check()
    with pytest.raises(RedisUnavailable):
        circuit.check()
    assert world.probes == 1


def test_a_late_report_does_not_prolong_it(circuit: Circuit, world: World) -> None:
    """Requests that hung together count once."""
    circuit.report(redis_py.TimeoutError())
    world.clock.seconds += OPEN_S / 2
    circuit.report(redis_py.TimeoutError())
    world.clock.seconds += OPEN_S / 2

    circuit.check()


def test_one_caller_at_a_time_probes(world: World) -> None:
    """The others are refused at once while one finds out."""
    probing, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        probing.set()
        go_on.wait(5)

    circuit = Circuit(slow, clock=world.clock)
    circuit.report(redis_py.TimeoutError())
    world.clock.seconds += OPEN_S
    prober = threading.Thread(target=circuit.check)
    prober.start()
    probing.wait(5)

    with pytest.raises(RedisUnavailable):
        circuit.check()

    go_on.set()
    prober.join()
    circuit.check()


def test_an_outage_is_not_logged_at_every_request(
    circuit: Circuit, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """One line now and then says it all."""
    for _ in range(100):
        circuit.report(redis_py.ConnectionError("refused"))
    assert len(caplog.records) == 1

    world.clock.seconds += 10
    circuit.report(redis_py.ConnectionError("refused"))
    assert len(caplog.records) == 2
