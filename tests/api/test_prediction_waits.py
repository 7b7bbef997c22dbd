"""The laws of requests that wait for a price."""

import threading
import time

from tests.api.conftest import (
    Client,
    Finish,
    Headers,
    Submit,
)
from tests.patience import wait_until


def test_a_submit_that_waits_answers_201_when_the_job_has_ended(
    submit: Submit, finish: Finish
) -> None:
    """`Prefer: wait` is read from a list and answered with Preference-Applied."""
    worker = threading.Thread(target=wait_until, args=[finish])
    worker.start()

    answer = submit({"Prefer": "respond-async, wait=60"})

    worker.join()
    assert answer.status_code == 201
    assert answer.headers["Preference-Applied"] == "wait=60"
    assert answer.json["status"] == "succeeded"


def test_a_submit_that_waited_in_vain_answers_202(submit: Submit) -> None:
    """The time is over and the job is still open: poll on."""
    started = time.monotonic()

    answer = submit({"Prefer": "wait=1"})

    assert time.monotonic() - started > 0.9
    assert answer.status_code == 202
    assert answer.json["status"] == "starting"


def test_a_poll_that_waits_is_answered_at_the_end_of_the_job(
    submit: Submit, finish: Finish, client: Client, caller: Headers
) -> None:
    """A long poll returns with the result, long before its time is over."""
    url = f"/v1/predictions/{submit().json['id']}"
    worker = threading.Timer(0.3, finish)
    worker.start()
    started = time.monotonic()

    answer = client.get(url, headers={**caller, "Prefer": "wait=60"})

    worker.join()
    assert time.monotonic() - started < 30
    assert answer.json["status"] == "succeeded"
    assert answer.headers["Preference-Applied"] == "wait=60"


def test_a_cancel_wakes_who_waits(
    submit: Submit, client: Client, caller: Headers
) -> None:
    """Every end of a job is one."""
    url = f"/v1/predictions/{submit().json['id']}"
    cancel = threading.Timer(
        0.3,
        lambda: client.application.test_client().post(f"{url}/cancel", headers=caller),
    )
    cancel.start()

    answer = client.get(url, headers={**caller, "Prefer": "wait=60"})

    cancel.join()
    assert answer.json["status"] == "canceled"


def test_a_finished_job_is_not_waited_for(
    submit: Submit, finish: Finish, client: Client, caller: Headers
) -> None:
    """A terminal state is answered at once."""
    url = f"/v1/predictions/{submit().json['id']}"
    finish()
    started = time.monotonic()

    client.get(url, headers={**caller, "Prefer": "wait=60"})

    assert time.monotonic() - started < 30
