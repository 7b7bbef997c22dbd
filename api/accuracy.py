"""/v1/monitoring/accuracy: what realised sales say of each model version."""

from typing import Any

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api import answers, queries
from api.answers import Answer
from api.auth import requires
from api.call import Call, current_call
from api.errors import MalformedParameter
from model_store.archive.report import ACCURACY, Report
from worker.jobs import rfc3339

#: Lengths of the periods that rows may have, the first by default.
PERIODS = ("month", "week")

api = APIBlueprint(
    "accuracy",
    __name__,
    url_prefix="/v1/monitoring",
    abp_tags=[Tag(name="monitoring")],
)


@api.get("/accuracy", operation_id="read_accuracy")
@requires("operate")
def accuracy() -> Answer:
    """Read how good prices proved, by period, version and segment, and the alarms."""
    call = current_call()
    asked = queries.known(request.args, ("by", "version", "segment"))
    by = queries.one_of(asked, "by", PERIODS) or PERIODS[:1]
    version, segment = asked.get("version"), asked.get("segment", "")
    report = _report(call)
    rows = report.body["rows"][by[0]].get(segment)
    if rows is None:
        raise _unknown(segment, report.body["segments"])
    if version is not None:
        version = call.shared.catalog.resolve(version)
        rows = [row for row in rows if row["version"] == version]
    aliases = call.shared.catalog.aliases()
    versions = [
        one | {"aliases": aliases.of(one["version"])} for one in report.body["versions"]
    ]
    body = {
        "made_at": rfc3339(report.made_ms),
        # A report of an older release does not tell it.
        "properties": 0,
        **report.body,
        "versions": versions,
        "rows": rows,
    }
    known = call.environ.get("HTTP_IF_NONE_MATCH")
    return answers.unless_known(answers.dumps(body), known, {})


def _report(call: Call) -> Report:
    found = call.archive().reports.get(ACCURACY)
    return found or Report(0, _NONE_YET)


def _unknown(segment: str, known: list[str]) -> MalformedParameter:
    return MalformedParameter(
        f"segment must be one of {', '.join(known) or 'none yet'}, or not be there; "
        f"got {segment[: queries.MAX_TOLD]!r}."
    )


#: What is told before the first report.
_NONE_YET: dict[str, Any] = {
    "made_at": None,
    "sales": 0,
    "priced": 0,
    "hit_rate": None,
    "from": None,
    "to": None,
    "fewest": None,
    "segments": [],
    "versions": [],
    "rows": {period: {"": []} for period in PERIODS},
}
