"""The repository as text: what the structure tests read."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: The three import packages, from the edge inwards.
PACKAGES = ("api", "worker", "model_store")


def modules() -> list[Path]:
    """Return every Python file of the three packages."""
    return [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]


def scripts() -> list[Path]:
    """Return every Lua script."""
    return sorted((ROOT / "worker").rglob("*.lua"))


def line_count(path: Path) -> int:
    """Count the lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def function_sizes(path: Path) -> dict[str, int]:
    """Return the lines of each function in a module, by file, line and name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": size(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def size(node: ast.stmt) -> int:
    """Count the lines of a statement, decorators left out."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def key_families(text: str) -> set[str]:
    """Return the Redis keys named in a text, each without what is appended to it."""
    return set(re.findall(r"(?<!urn:)\bkerbside:[a-z_]+", text))


def key_spellings(text: str) -> list[str]:
    """Return the lines in which a text spells a Redis key, whole or in parts."""
    return re.findall(r"""(?<!urn:)\bkerbside:[^\s"'].*""", text)


def opening_comment(path: Path) -> str:
    """Return the comment lines that a Lua script starts with."""
    lines = path.read_text(encoding="utf-8").splitlines()
    code = next((i for i, line in enumerate(lines) if line[:2] != "--"), len(lines))
    return "\n".join(lines[:code])
