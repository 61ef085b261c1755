"""No module of the product imports itself by way of others, types aside."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("dbt", "frontends", "backends")


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Everything that may be executed: what is imported for types alone is not."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from statements(child)


def imports(tree: ast.AST) -> set[str]:
    """The modules of ours that are imported at the top or in a function."""
    found: set[str] = set()
    for node in statements(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in names}
    return found & MODULES.keys()


def parents(name: str) -> set[str]:
    """The packages whose ``__init__`` runs before a module is imported."""
    parts = name.split(".")
    return {".".join(parts[:end]) for end in range(1, len(parts))} & MODULES.keys()


def runs_first(name: str, imported: set[str]) -> set[str]:
    """What an import of these runs, in a module whose own parents are being imported already."""
    packages = {parent for one in imported for parent in parents(one)}
    return (imported | packages - parents(name)) - {name}


def test_there_are_no_circles() -> None:
    graph = {
        name: runs_first(name, imports(ast.parse(path.read_text())))
        for name, path in MODULES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


def test_what_is_looked_at() -> None:
    source = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
import dbt.text
def f():
    from dbt import choices
"""
    assert imports(ast.parse(source)) == {"dbt.text", "dbt.choices"}
    assert len(MODULES) > 200


def test_packages_count() -> None:
    found = {"dbt.hooks.points.names", "dbt.text"}
    assert runs_first("dbt.cli", found) == found | {"dbt.hooks", "dbt.hooks.points"}
    assert runs_first("dbt.hooks.points.conditions", found) == found
    assert runs_first("dbt.hooks.machine", {"dbt.hooks"}) == {"dbt.hooks"}
