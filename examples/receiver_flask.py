"""Receive events with Flask: verified, answered at once, each acted on once.

An event may come again, or late: the table `inbox` knows each by its id, and what is
older than what is known of a prediction changes nothing. What is done outside of the
database is done again when the process is killed in the middle of it.
"""

import json
import os
import sqlite3
import threading
from typing import Any

from flask import Flask, abort, request
from standardwebhooks import Webhook, WebhookVerificationError

PORT = int(os.environ.get("PORT", "8090"))
DATABASE = os.environ.get("DATABASE", "events.sqlite")
WEBHOOK = Webhook(os.environ["KERBSIDE_WEBHOOK_SECRET"])
RETRY_S = float(os.environ.get("RETRY_S", "60"))  # what failed is tried again
SCHEMA = """
CREATE TABLE IF NOT EXISTS inbox (id TEXT PRIMARY KEY, event TEXT, done INTEGER);
CREATE TABLE IF NOT EXISTS predictions (id TEXT PRIMARY KEY, sequence INTEGER);
"""
NEWER = """
INSERT INTO predictions VALUES (:id, :sequence) ON CONFLICT (id)
DO UPDATE SET sequence = :sequence WHERE sequence < :sequence
"""

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 262_144
something_came = threading.Event()


@app.post("/")
def receive() -> tuple[str, int]:
    """Keep an event and answer; what it takes to act on it is nobody's wait."""
    body = request.get_data()  # these bytes are signed, not what they mean
    try:
        WEBHOOK.verify(body, dict(request.headers))
    except (WebhookVerificationError, ValueError):
        abort(401)
    row = (request.headers["webhook-id"], body.decode())
    with sqlite3.connect(DATABASE) as database:
        database.execute("INSERT OR IGNORE INTO inbox VALUES (?, ?, 0)", row)
    something_came.set()
    return "", 204


def work() -> None:
    """Act on what has come, also on what an earlier run was stopped at."""
    while True:
        with sqlite3.connect(DATABASE) as database:
            rows = database.execute("SELECT id, event FROM inbox WHERE done = 0")
            for event_id, event in rows.fetchall():
                try:
                    with database:  # all of it or nothing
                        act(database, json.loads(event))
                        done = "UPDATE inbox SET done = 1 WHERE id = ?"
                        database.execute(done, [event_id])
                except Exception:  # it stays to be done; the others are
                    app.logger.exception("event %s", event_id)
        something_came.wait(RETRY_S)
        something_came.clear()


def act(database: sqlite3.Connection, event: dict[str, Any]) -> None:
    """Do what there is to be done about an event; here: print it."""
    prediction = event["data"]
    if "sequence" not in prediction:  # it is about no prediction
        return
    if database.execute(NEWER, prediction).rowcount:
        print(prediction["id"], prediction["status"], flush=True)


if __name__ == "__main__":
    with sqlite3.connect(DATABASE) as database:
        database.executescript(SCHEMA)
    threading.Thread(target=work, daemon=True).start()
    app.run(port=PORT)
