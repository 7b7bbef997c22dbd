"""The tutorial's Flask half: `gunicorn benchmarks.tutorial.web:app`."""

from typing import Any

from celery.result import AsyncResult
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from benchmarks.tutorial import tasks

app = Flask(__name__)


@app.post("/predictions")
def submit() -> ResponseReturnValue:
    """Queue one house."""
    task = tasks.predict.delay(request.get_json())
    return jsonify(id=task.id), 202


@app.get("/predictions/<job_id>")
def poll(job_id: str) -> ResponseReturnValue:
    """Return the price, once there is one."""
    result: AsyncResult[dict[str, Any]] = AsyncResult(job_id, app=tasks.app)
    # Each look at a pending result asks Redis: one look is enough.
    status = result.status
    output = result.result if status == "SUCCESS" else None
    return jsonify(id=job_id, status=status, output=output)
