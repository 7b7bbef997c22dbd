"""The page of the HTTP API: every route, from the OpenAPI document."""

from collections.abc import Iterator
from typing import Any

from api.headers import JSON
from api.openapi.described import ALWAYS
from docs.markdown import table
from docs.openapi import document, follow
from docs.schemas_page import kind_of

_OPENING = """\
# HTTP API

Every route, as `/openapi.json` of a running service describes it.
This page is made from the code: `make docs` writes it.

- A key goes into the header: `Authorization: Bearer kb_...`; each route names the scope that the key must carry.
- Bodies are JSON, in UTF-8; their fields are on the page of [schemas](schemas.md).
- Every error is a problem document (RFC 9457) whose `type` is one of the [problem types](problems.md).
- Every answer has the headers {always}; the tables name the others.
- Whatever takes `GET` takes `HEAD` too; `OPTIONS` answers 204 and any other method 405, both with `Allow`.
- Times are UTC in the form of RFC 3339; durations are seconds.
"""


def render() -> str:
    """Return the page in Markdown."""
    whole = document()
    sections = [
        f"\n## {tag['name'].capitalize()}\n" + "".join(_routes(whole, tag["name"]))
        for tag in whole["tags"]
    ]
    *others, last = (f"`{name}`" for name in ALWAYS)
    opening = _OPENING.format(always=f"{', '.join(others)} and {last}")
    return opening + "".join(sections) + _events(whole) + _headers(whole)


def _routes(whole: dict[str, Any], tag: str) -> Iterator[str]:
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            if tag in operation["tags"]:
                yield _route(whole, f"{method.upper()} {path}", operation)


def _route(whole: dict[str, Any], title: str, operation: dict[str, Any]) -> str:
    description = operation.get("description", "")
    parts = [
        f"\n### {title}\n\n{operation['summary']}\n",
        f"{description}\n" if description else "",
        "It is to end: see the headers of its answers.\n"
        if operation.get("deprecated")
        else "",
        _needs(operation),
        _body(operation),
        _parameters(whole, operation),
        _answers(operation),
    ]
    return "".join(parts)


def _needs(operation: dict[str, Any]) -> str:
    scopes = [f"`{one}`" for need in operation["security"] for one in need["key"]]
    if not scopes:
        return "It needs no key.\n"
    noun = "scope" if len(scopes) == 1 else "scopes"
    return f"It needs a key with the {noun} {' and '.join(scopes)}.\n"


def _body(operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    told = [
        f"{_shape(one)} as `{media}`" if "$ref" in one["schema"] else f"`{media}`"
        for media, one in content.items()
    ]
    if not told:
        return ""
    is_optional = not operation["requestBody"]["required"]
    more = "; it may be left out" if is_optional else ""
    return f"The body is {' or '.join(told)}{more}.\n"


def _parameters(whole: dict[str, Any], operation: dict[str, Any]) -> str:
    found = [follow(one, whole) for one in operation["parameters"]]
    rows = [
        (f"`{one['name']}`", one["in"], kind_of(one["schema"]), _told(one))
        for one in found
    ]
    return "\n" + table(("parameter", "in", "type", "meaning"), rows)


def _told(parameter: dict[str, Any]) -> str:
    if "example" not in parameter:
        return str(parameter["description"])
    shown = parameter["example"]
    example = ", ".join(shown) if isinstance(shown, list) else shown
    return f"{parameter['description']} Example: `{example}`"


def _answers(operation: dict[str, Any]) -> str:
    rows = [
        (
            f"`{code}`",
            answer["description"],
            _content(answer),
            ", ".join(f"`{name}`" for name in answer["headers"] if name not in ALWAYS),
        )
        for code, answer in operation["responses"].items()
    ]
    return "\n" + table(("status", "when", "body", "headers"), rows)


def _content(answer: dict[str, Any]) -> str:
    told = []
    for media, one in answer.get("content", {}).items():
        if media == "application/problem+json":
            told += [f"[`{name}`](problems.md#{name})" for name in one["examples"]]
        else:
            told.append(_shape(one) if "$ref" in one["schema"] else f"`{media}`")
    return ", ".join(told)


def _shape(content: dict[str, Any]) -> str:
    name = content["schema"]["$ref"].rpartition("/")[2]
    return f"[`{name}`](schemas.md#{name.lower()})"


def _events(whole: dict[str, Any]) -> str:
    """Return what subscribers are sent: each type, and the headers of them all."""
    requests = {type_: one["post"] for type_, one in whole["webhooks"].items()}
    rows = [
        (f"`{type_}`", one["summary"], _shape(one["requestBody"]["content"][JSON]))
        for type_, one in requests.items()
    ]
    some = next(iter(requests.values()))
    headers = [(f"`{one['name']}`", _told(one)) for one in some["parameters"]]
    answers = [
        (f"`{code}`", one["description"]) for code, one in some["responses"].items()
    ]
    return (
        "\n## Events\n\n"
        "What is sent to webhooks, each as a `POST`; "
        "[the guide](../howto/webhooks.md) says what to do with them.\n\n"
        + table(("type", "when", "body"), rows)
        + "\n"
        + table(("header", "what it says"), headers)
        + "\n"
        + table(("answer", "what follows"), answers)
    )


def _headers(whole: dict[str, Any]) -> str:
    rows = [
        (f"`{name}`", one["description"])
        for name, one in sorted(whole["components"]["headers"].items())
    ]
    return "\n## Headers of answers\n\n" + table(("header", "what it says"), rows)
