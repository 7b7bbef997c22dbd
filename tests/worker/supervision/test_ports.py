"""Laws of free ports."""

import socket

from worker.supervision import ports


def test_a_port_on_which_somebody_listens_is_taken() -> None:
    """Another one is found in its place."""
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        taken = server.getsockname()[1]

        assert not ports.is_free(taken)
        assert ports.find_free(taken) != taken


def test_several_ports_are_different_ones() -> None:
    """Found one by one, two might be the same."""
    found = ports.find_some_free(20)

    assert len(set(found)) == 20
    assert all(map(ports.is_free, found))


def test_a_wanted_port_that_is_free_is_given() -> None:
    """An address that was told once goes on being true."""
    wanted = ports.find_free()

    assert ports.is_free(wanted)
    assert ports.find_free(wanted) == wanted
