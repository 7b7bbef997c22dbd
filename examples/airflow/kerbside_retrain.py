"""Retrains Kerbside each month: a DAG of Airflow 3 that calls Kerbside's own command.

Nothing of Kerbside is imported, for Airflow has an environment of its own:
MODEL_STORE_COMMAND says how the command is reached. It trains, judges and promotes as
everywhere; here it is timed, its verdict branched on, and a fault made visible.
"""

import datetime as dt
import json
import os
import shlex
import subprocess
from typing import Any

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException

#: What runs a command of the model store.
COMMAND = shlex.split(os.environ.get("MODEL_STORE_COMMAND", "python -m model_store"))
#: Exit codes of `retrain` that tell a verdict: it prices or waits, kept, bad sales.
VERDICT = {0: "promoted", 6: "kept", 7: "sales_refused"}
#: Those that another try does not mend: wrong usage, a version that is not trusted.
HOPELESS = {2, 4}


class CommandFailed(Exception):
    """A command told no verdict; its own words are in the log above."""


@dag(
    # As `kerbside up` does.
    schedule="0 3 1 * *",
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    tags=["kerbside"],
)
def kerbside_retrain() -> None:
    """Retrain, and show which way the verdict went."""

    # A verdict is no fault and is not tried again; a store that is away is.
    @task(
        retries=2,
        retry_delay=dt.timedelta(minutes=10),
        execution_timeout=dt.timedelta(hours=6),
    )
    def retrain() -> dict[str, Any]:
        """Train a candidate, judge it, and promote it if it is fit."""
        code, told = _run("retrain", "--no-progress", "--json")
        if code in HOPELESS:
            raise AirflowFailException(f"retrain ended with {code}")
        if code not in VERDICT:
            raise CommandFailed(f"retrain ended with {code}")
        return {**json.loads(told), "exit_code": code}

    @task.branch
    def verdict(report: dict[str, Any]) -> str:
        """Choose what follows."""
        way = VERDICT[report["exit_code"]]
        is_waiting = way == "promoted" and not report["promoted"]
        return "waits_for_a_person" if is_waiting else way

    @task
    def promoted(report: dict[str, Any]) -> str:
        """Make sure that the new version is the one that prices."""
        code, told = _run("show", "champion", "--json")
        champion = json.loads(told)["version"] if code == 0 else f"exit code {code}"
        if champion != report["version"]:
            raise CommandFailed(f"not {report['version']} but {champion} prices")
        return champion

    @task
    def waits_for_a_person(report: dict[str, Any]) -> None:
        """Tell how the challenger is let in: KERBSIDE_PROMOTION is `ask`."""
        print(f"{report['version']} waits: promote challenger, or dismiss it")

    @task
    def kept(report: dict[str, Any]) -> None:
        """Tell why the champion stays."""
        print(f"{report['champion_before']} stays:", *report["reasons"], sep="\n- ")

    @task
    def sales_refused(report: dict[str, Any]) -> None:
        """Fail, so that whoever watches Airflow's failures is called."""
        raise AirflowFailException("; ".join(report["reasons"]))

    report = retrain()
    ways = (promoted, waits_for_a_person, kept, sales_refused)
    verdict(report) >> [way(report) for way in ways]


def _run(*words: str) -> tuple[int, str]:
    """Return exit code and output of a command; what it logs goes to the task's log."""
    done = subprocess.run(
        [*COMMAND, *words], stdout=subprocess.PIPE, text=True, check=False
    )
    return done.returncode, done.stdout


retraining = kerbside_retrain()
