"""The page of the Python client, from its signatures and docstrings."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from api import client
from api.client import async_client, batches, errors, properties, verbs
from docs import docstrings
from docs.markdown import sentences, table

_OPENING = """\
# Python client

What `api.client` offers, as its code says it; [the guide](../howto/client.md) shows it at work.
This page is made from the code: `make docs` writes it.
"""

_Function = ast.FunctionDef | ast.AsyncFunctionDef

#: What is shown of the client, under which title.
_CHAPTERS: dict[str, list[type[Any]]] = {
    "Client": [client.Client],
    "AsyncClient": [async_client.AsyncClient],
    "Houses and options": [
        client.Row,
        client.Table,
        client.Options,
        verbs.OneOptions,
        verbs.ManyOptions,
        verbs.SubmitOptions,
        verbs.Filters,
    ],
    "Prediction": [client.Prediction],
    "Batches": [
        batches.Batches,
        batches.BatchOptions,
        batches.ImportOptions,
        batches.SubmittedBatch,
        batches.BatchNotFinished,
    ],
    "Properties": [
        properties.Properties,
        properties.PropertyOptions,
        properties.Property,
        properties.Valuation,
    ],
    "Errors": [
        one
        for one in vars(errors).values()
        if inspect.isclass(one) and one.__module__ == errors.__name__
    ],
}

_ALIASES = """
## Names in signatures

A `House` is a `Mapping[str, Any]` of values by feature, and `Houses` are any iterable of houses or rows.
`GivenTable` is the type of the table that was given.
`Raise` and `Keep` are the texts `"raise"`, which is the default, and `"keep"`; `Priced` is a `Prediction` or a `KerbsideError`.
"""


def render() -> str:
    """Return the page in Markdown."""
    parts = [_OPENING, _ALIASES]
    for title, classes in _CHAPTERS.items():
        parts.append(f"\n## {title}\n")
        # A chapter of one class has its name.
        level = "" if [one.__name__ for one in classes] == [title] else "###"
        parts += [_class(one, level) for one in classes]
    parts.append(_function(client.verify_webhook))
    columns = ", ".join(f"`{name}`" for name in client.RESULT_COLUMNS)
    return "".join([*parts, f"\n## RESULT_COLUMNS\n\n{columns}.\n"])


def _class(shown: type[Any], level: str) -> str:
    node = _parsed(shown)
    title = [f"{level} {shown.__name__}"] if level else []
    parts = [*title, *_bases(node), *_told(node), *_fields(node)]
    below = f"{level or '##'}#"
    parts += [part for method in _methods(node, below) for part in method]
    return "\n" + "\n\n".join(parts) + "\n"


def _function(shown: Callable[..., Any]) -> str:
    (node,) = ast.parse(inspect.getsource(shown)).body
    if not isinstance(node, ast.FunctionDef):
        raise TypeError(f"{shown} is no function")
    signature = f"{node.name}({ast.unparse(node.args)}) -> {_gives(node)}"
    parts = [f"## {node.name}()", f"```\n{signature}\n```", *_told(node)]
    return "\n" + "\n\n".join(parts) + "\n"


def _parsed(shown: type[Any]) -> ast.ClassDef:
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(shown))).body
    if not isinstance(node, ast.ClassDef):
        raise TypeError(f"{shown} is no class")
    return node


def _bases(node: ast.ClassDef) -> Iterator[str]:
    if node.bases:
        named = ", ".join(f"`{ast.unparse(base)}`" for base in node.bases)
        yield f"A kind of {named}."


def _told(node: ast.ClassDef | _Function) -> Iterator[str]:
    """Yield what a docstring says; the fields of a class have a table of their own."""
    found = docstrings.read(ast.get_docstring(node) or "")
    yield from map(sentences, found.text.split("\n\n"))
    for section, title in (("Args", "argument"), ("Raises", "raises")):
        if entries := found.sections.get(section):
            rows = [(f"`{name}`", meaning) for name, meaning in entries.items()]
            yield table((title, "meaning"), rows).rstrip()


def _fields(node: ast.ClassDef) -> Iterator[str]:
    meanings = docstrings.read(ast.get_docstring(node) or "").sections
    kinds = {
        ast.unparse(line.target): f"`{ast.unparse(line.annotation)}`"
        for line in node.body
        if isinstance(line, ast.AnnAssign)
    }
    told = meanings.get("Attributes", {})
    if told and kinds.keys() == told.keys():
        rows = [(f"`{name}`", kinds[name], told[name]) for name in told]
        yield table(("field", "type", "meaning"), rows).rstrip()
    elif told:
        pairs = [(f"`{name}`", meaning) for name, meaning in told.items()]
        yield table(("attribute", "meaning"), pairs).rstrip()


def _methods(node: ast.ClassDef, level: str) -> Iterator[Iterator[str]]:
    """Yield the parts of each method and property that is public."""
    named: dict[str, list[_Function]] = {}
    for line in node.body:
        if isinstance(line, _Function):
            named.setdefault(line.name, []).append(line)
    for name, definitions in named.items():
        if name == "__init__" or not name.startswith("_"):
            yield _method(node.name, definitions, level)


def _method(owner: str, definitions: list[_Function], level: str) -> Iterator[str]:
    overloads = [each for each in definitions if _is(each, "overload")]
    if _is(definitions[0], "property"):
        yield f"{level} {definitions[0].name}"
        yield from _told(definitions[0])
        return
    if definitions[0].name != "__init__":
        yield f"{level} {definitions[0].name}()"
    signatures = "\n".join(_signature(owner, each) for each in overloads or definitions)
    yield f"```\n{signatures}\n```"
    if ast.get_docstring(definitions[-1]):
        yield from _told(definitions[-1])


def _is(function: _Function, mark: str) -> bool:
    return mark in map(ast.unparse, function.decorator_list)


def _signature(owner: str, method: _Function) -> str:
    takes = re.sub(r"^(self|cls)(, )?", "", ast.unparse(method.args))
    if method.name == "__init__":
        return f"{owner}({takes})"
    begin = "await " if isinstance(method, ast.AsyncFunctionDef) else ""
    return f"{begin}{method.name}({takes}) -> {_gives(method)}"


def _gives(function: _Function) -> str:
    return ast.unparse(function.returns).strip("'") if function.returns else "None"
