"""200 requests that wait at a time: they are held or answered, and hold nobody up."""

from concurrent.futures import ThreadPoolExecutor

from api.server import PROCESSES
from api.settings import WAITERS
from tests.patience import wait_until
from tests.system.api_server import Server

NUMBER = 200


def test_200_waiters_leave_the_service_to_the_others(server: Server) -> None:
    """Each is held or told at once; others are served; an end releases all held."""
    jobs = [server.submit().body["id"] for _ in range(NUMBER)]
    before = server.looks()
    with ThreadPoolExecutor(NUMBER) as pool:
        waiting = [
            pool.submit(server.call, "GET", f"/v1/predictions/{job}", Prefer="wait=50")
            for job in jobs
        ]
        wait_until(lambda: server.looks() >= before + NUMBER)
        others = [server.call("GET", f"/v1/predictions/{job}") for job in jobs[:50]]
        still_held = sum(not one.done() for one in waiting)
        server.finish()
        replies = [reply.result() for reply in waiting]

    assert {reply.status for reply in others} == {200}
    assert {reply.body["status"] for reply in others} == {"starting"}
    held = [reply for reply in replies if "preference-applied" in reply.headers]
    told = [reply for reply in replies if "preference-applied" not in reply.headers]
    assert len(held) + len(told) == NUMBER
    assert WAITERS <= still_held == len(held) <= PROCESSES * WAITERS
    assert {reply.status for reply in replies} == {200}
    assert {reply.body["status"] for reply in held} == {"succeeded"}
    assert {reply.body["status"] for reply in told} == {"starting"}
