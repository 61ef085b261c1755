"""The core and the backends do not know a guest's registers, flags or states by name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ARMS = re.compile(
    r"r(1[0-5]|[0-9])|sp|lr|[nzcv]f|ge[0-3]|[ac]psr|thumb|a32|t32|[ao]abi", re.IGNORECASE
)
GUESTS_OWN = {
    "dbt/demo.py": "runs a program that is bundled",
}
"""What may name them, and why."""


def strings(tree: ast.AST) -> Iterator[Any]:
    """All texts that are no docstrings."""
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            text = isinstance(child, ast.Constant) and isinstance(child.value, str)
            if text and not isinstance(node, ast.Expr):
                yield child


def named(path: Path) -> list[str]:
    """Texts in a file that are nothing but a name of ARM's."""
    found = strings(ast.parse(path.read_text()))
    return [f"{path}:{text.lineno}: {text.value}" for text in found if ARMS.fullmatch(text.value)]


def test_nobody_names_what_only_a_frontend_knows() -> None:
    files = [path for package in ("dbt", "backends") for path in (ROOT / package).rglob("*.py")]
    kept = [
        path
        for path in files
        if not any(path.is_relative_to(ROOT / allowed) for allowed in GUESTS_OWN)
    ]
    assert len(kept) > 200
    assert [line for path in kept for line in named(path)] == []


def test_what_is_found(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text('"""sp"""\nx = state.get("r13")\ny = {"zf": 1}\nz = "spare"\n')
    assert [line.rpartition(":")[2] for line in named(path)] == [" r13", " zf"]
