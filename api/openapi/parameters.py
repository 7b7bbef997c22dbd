"""The parameters of the OpenAPI document: headers and queries of requests."""

from typing import Any

from api.accuracy import PERIODS
from api.batch_options import MAX_THRESHOLD
from api.ops import DEFAULT_ACTIONS, MAX_ACTIONS
from api.ops_dead_letters import DEFAULT_LETTERS, MAX_LETTERS
from api.prediction_lists import STATUSES
from api.property_body import MAX_AGE_S
from api.queries import DEFAULT_LIMIT, MAX_LIMIT
from api.request_body import MAX_DEADLINE_S
from api.settings import ApiSettings
from worker.history import MINUTES_KEPT
from worker.keys import LANES, PREDICTIONS
from worker.seen import RECENT_HOUSES, WINDOWS
from worker.webhooks import deliveries
from worker.webhooks.addresses import LONGEST_URL

#: Printable ASCII, bare without a comma, or as a quoted string in which quotes and
#: backslashes are escaped; at most 255 characters are meant.
_KEY = (
    "^("
    r"[!#-+\--~]|[!#-+\--~][ -+\--~]{0,253}[!-+\--~]"
    r'|"([ !#-\[\]-~]|\\["\\]){1,127}"'
    ")$"
)
#: A duration of less than a day.
_DURATION = (
    "^("
    "([1-9]|1[0-9]|2[0-3])h([0-5]?[0-9]m)?([0-5]?[0-9]s)?"
    "|[1-9][0-9]{0,2}m([0-5]?[0-9]s)?"
    r"|(0\.[0-9]{0,8}[1-9]|[1-9][0-9]{0,3}(\.[0-9]{1,9})?)s?"
    ")$"
)


def described(settings: ApiSettings) -> dict[str, Any]:
    """Return every header and query parameter of a request."""
    return {
        **_request_headers(settings),
        **_conditional_headers(),
        **_tracing_headers(),
        **_query(),
        **_query_of_batches(),
        **_query_of_properties(),
        **_query_of_deliveries(),
        **_operators_query(),
        **_monitoring_query(),
    }


def _request_headers(settings: ApiSettings) -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "Idempotency-Key": _parameter(
            "header",
            "Idempotency-Key",
            "Your name for this submit, bare or quoted. A repeat with the same key "
            f"and request within {_told(settings.idempotency_ttl_s)} makes no second "
            "job; another request answers 422. Two requests are the same if they ask "
            "for the same, however written; two batches if their bytes are the same.",
            {**text, "minLength": 1, "maxLength": 257, "pattern": _KEY},
            "order-7",
        ),
        "Prefer": _parameter(
            "header",
            "Prefer",
            f"`wait=n`: hold the request until the job has ended, n seconds at most "
            f"({settings.wait_cap_s} in all).",
            text,
            "wait=10",
        ),
        "Cancel-After": _parameter(
            "header",
            "Cancel-After",
            "What `deadline` says, as a duration such as `90s`, `1m`, `1h30m` or `30`: "
            "a job that has not finished by then is canceled. Send one of the two.",
            {**text, "pattern": _DURATION},
            "1m",
        ),
        "Last-Event-ID": _parameter(
            "header",
            "Last-Event-ID",
            "`id` of the event that you have: the stream goes on after it.",
            text,
            "42000-in_progress",
        ),
        "Range": _parameter(
            "header",
            "Range",
            "One range of bytes, so that JSON lines that broke off can be gone on "
            "with; a table comes whole.",
            text,
            "bytes=1048576-",
        ),
    }


def _conditional_headers() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "If-None-Match": _parameter(
            "header",
            "If-None-Match",
            "ETag of the answer that you have.",
            text,
            '"8d1f0a0f4c3be8a2f5a0a1e1b7c55d0e"',
        ),
        "If-Match": _parameter(
            "header",
            "If-Match",
            "ETag that it must still have, or nothing is changed.",
            text,
            '"8d1f0a0f4c3be8a2f5a0a1e1b7c55d0e"',
        ),
    }


def _tracing_headers() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "Request-Id": _parameter(
            "header",
            "Request-Id",
            "Your own id of this request.",
            text,
            "order-7-try-2",
        ),
        "traceparent": _parameter(
            "header",
            "traceparent",
            "Your step of a trace, as W3C Trace Context has it; where the service "
            "traces, it, its jobs and their webhooks go on in it. What is none is left "
            "aside.",
            text,
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ),
    }


def _query() -> dict[str, Any]:
    status = {"type": "array", "items": {"type": "string", "enum": list(STATUSES)}}
    instant = {"type": "string", "format": "date-time"}
    return {
        "limit": _limit("Elements a page", MAX_LIMIT, DEFAULT_LIMIT),
        "by": _parameter(
            "query",
            "by",
            "Length of the period of a row; months by default.",
            {"type": "string", "enum": list(PERIODS)},
            "week",
        ),
        "of_version": _parameter(
            "query",
            "version",
            "Only rows of this model version, an id or an alias.",
            {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"},
            "champion",
        ),
        "segment": _parameter(
            "query",
            "segment",
            "Rows of each group of this: `price_quintile`, or a category of houses.",
            {"type": "string"},
            "price_quintile",
        ),
        "cursor": _parameter(
            "query",
            "cursor",
            "Taken from `next` or `previous` as it is, with the other parameters.",
            {"type": "string"},
            None,
        ),
        "status": _parameter(
            "query",
            "status",
            "Only predictions in this status; repeat it for more. A page may then be "
            "short, even empty, and still lead on: follow `next` until it is null.",
            status,
            ["failed", "canceled"],
        ),
        "created_after": _parameter(
            "query",
            "created_after",
            "Only predictions made at this time or later, RFC 3339.",
            instant,
            "2026-01-31T12:00:00Z",
        ),
        "created_before": _parameter(
            "query",
            "created_before",
            "Only predictions made before this time, RFC 3339.",
            instant,
            "2026-02-01T00:00:00+01:00",
        ),
    }


def _operators_query() -> dict[str, Any]:
    return {
        "tenant": _parameter(
            "query", "tenant", "Only keys of this tenant.", {"type": "string"}, "acme"
        ),
        "force": _parameter(
            "query",
            "force",
            "Whether to revoke even the last usable key with the scope `operate`.",
            {"type": "boolean", "default": False},
            "true",
        ),
        "lane": _parameter(
            "query",
            "lane",
            f"Which lane; `{PREDICTIONS}` by default.",
            {"type": "string", "enum": list(LANES), "default": PREDICTIONS},
            PREDICTIONS,
        ),
        "minutes": _parameter(
            "query",
            "minutes",
            f"How far back, {MINUTES_KEPT} at most and by default.",
            {
                "type": "integer",
                "minimum": 1,
                "maximum": MINUTES_KEPT,
                "default": MINUTES_KEPT,
            },
            15,
        ),
        "actions": _limit("Actions", MAX_ACTIONS, DEFAULT_ACTIONS),
        "cause": _parameter(
            "query",
            "cause",
            "Only letters whose error holds this text, in any case of its letters.",
            {"type": "string"},
            "died 3 times",
        ),
        "letters_version": _parameter(
            "query",
            "version",
            "Only letters of this model version.",
            {"type": "string"},
            "20150527-4a828c90",
        ),
        "letters": _limit("Letters", MAX_LETTERS, DEFAULT_LETTERS),
    }


def _monitoring_query() -> dict[str, Any]:
    return {
        "window": _parameter(
            "query",
            "window",
            f"Which houses: the newest {RECENT_HOUSES} or more, to the minute, or "
            "those of so many days.",
            {"type": "string", "enum": list(WINDOWS), "default": WINDOWS[0]},
            "7d",
        ),
        "drift_version": _parameter(
            "query",
            "version",
            "Alias or id of the model version that priced them; `champion` by default.",
            {"type": "string", "default": "champion"},
            "champion",
        ),
    }


def _limit(what: str, most: int, unsaid: int) -> dict[str, Any]:
    return _parameter(
        "query",
        "limit",
        f"{what}, {most} at most; {unsaid} by default.",
        {"type": "integer", "minimum": 1, "maximum": most, "default": unsaid},
        50,
    )


def _query_of_batches() -> dict[str, Any]:
    return {
        "batch_version": _parameter(
            "query",
            "version",
            "Alias or id of the model version; `champion` by default.",
            {"type": "string", "default": "champion"},
            "champion",
        ),
        "batch_metadata": _parameter(
            "query",
            "metadata",
            "Your own labels as a JSON object, returned with the batch.",
            {"type": "string", "contentMediaType": "application/json"},
            '{"portfolio":"north"}',
        ),
        "max_age": _parameter(
            "query",
            "max_age",
            "Seconds after which a valuation of these properties is stale; by default "
            "its age makes none so.",
            {"type": "integer", "minimum": 1, "maximum": MAX_AGE_S},
            2_592_000,
        ),
        "deadline": _parameter(
            "query",
            "deadline",
            "Seconds after which the prices are of no use: what has not ended by then "
            "is canceled.",
            {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_DEADLINE_S},
            3600,
        ),
        "error_threshold": _parameter(
            "query",
            "error_threshold",
            "Rows that may have an error; once there are more, what has not ended is "
            "not priced, and the batch has failed. Without it no number of them stops "
            "the others.",
            {"type": "integer", "minimum": 0, "maximum": MAX_THRESHOLD},
            100,
        ),
        "batch_webhook": _parameter(
            "query",
            "webhook",
            "Where to send the event of its end, signed; see "
            "`GET /v1/webhooks/default/secret`.",
            {"type": "string", "format": "uri", "maxLength": LONGEST_URL},
            "https://hooks.example.com/kerbside",
        ),
    }


def _query_of_properties() -> dict[str, Any]:
    return {
        "refresh": _parameter(
            "query",
            "refresh",
            "Whether to have a new price made, however fresh the stored one is. It "
            "needs the scope `predict`.",
            {"type": "string", "enum": ["true", "false"], "default": "false"},
            "true",
        ),
    }


def _query_of_deliveries() -> dict[str, Any]:
    status = {"type": "string", "enum": list(deliveries.STATUSES)}
    epoch = {"type": "integer", "minimum": 0, "maximum": 99_999_999_999}
    return {
        "delivery_status": _parameter(
            "query",
            "status",
            "Only deliveries in this status; repeat it for more.",
            {"type": "array", "items": status},
            ["failed"],
        ),
        "since": {
            **_parameter(
                "query",
                "since",
                "Deliveries made at this time or later, RFC 3339 or seconds since the "
                "epoch.",
                {"anyOf": [{"type": "string", "format": "date-time"}, epoch]},
                "2026-01-31T12:00:00Z",
            ),
            "required": True,
        },
    }


def _told(seconds: int) -> str:
    for name, length in (("hours", 3600), ("minutes", 60)):
        if seconds % length == 0:
            return f"{seconds // length} {name}"
    return f"{seconds} seconds"


def _parameter(
    place: str, name: str, description: str, schema: dict[str, Any], example: Any
) -> dict[str, Any]:
    described = {"in": place, "name": name, "description": description}
    shown = {} if example is None else {"example": example}
    return {**described, "schema": schema, **shown}
