"""Every module has a place in the layers that ``make imports`` checks (``pyproject.toml``)."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINTER: Any = PROJECT["tool"]["importlinter"]


def packages(top: Path) -> Iterator[Path]:
    """A package and those in it."""
    yield top
    for below in sorted(top.iterdir()):
        if (below / "__init__.py").exists():
            yield from packages(below)


def members(package: Path) -> set[str]:
    """The modules and packages directly in a package."""
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    return modules | {path.parent.name for path in package.glob("*/__init__.py")}


def dotted(package: Path, root: Path = ROOT) -> str:
    return ".".join(package.relative_to(root).parts)


def layers(linter: Any) -> dict[str, set[str]]:
    """The members that each container of an exhaustive contract has a layer for."""
    return {
        container: {name for layer in contract["layers"] for name in re.split(r"[|:\s]+", layer)}
        for contract in linter["contracts"]
        if contract["type"] == "layers" and contract.get("exhaustive")
        for container in contract["containers"]
    }


def unplaced(linter: Any, root: Path) -> list[str]:
    """What no exhaustive contract has a layer for, and what a contract names in vain. A package of
    nothing but modules needs no layers of its own."""
    known, wrong = layers(linter), []
    for top in linter["root_packages"]:
        for package in packages(root / top):
            name = dotted(package, root)
            if name in known:
                wrong += [f"{name}.{member}" for member in known.pop(name) ^ members(package)]
            elif any(package.glob("*/__init__.py")):
                wrong.append(name)
    return sorted([*wrong, *known])


def test_every_module_has_a_layer() -> None:
    assert unplaced(LINTER, ROOT) == []


@pytest.mark.parametrize("container", sorted(layers(LINTER)))
def test_a_module_in_no_layer_is_found(container: str, tmp_path: Path) -> None:
    copy_tree(tmp_path)
    stray = tmp_path.joinpath(*container.split("."), "stray.py")
    stray.touch()
    assert unplaced(LINTER, tmp_path) == [f"{container}.stray"]


def test_a_package_with_packages_needs_layers(tmp_path: Path) -> None:
    copy_tree(tmp_path)
    (tmp_path / "dbt" / "ir" / "below").mkdir()
    (tmp_path / "dbt" / "ir" / "below" / "__init__.py").touch()
    assert unplaced(LINTER, tmp_path) == ["dbt.ir"]


def test_a_layer_without_a_module_is_found(tmp_path: Path) -> None:
    copy_tree(tmp_path)
    (tmp_path / "dbt" / "cli.py").unlink()
    assert unplaced(LINTER, tmp_path) == ["dbt.cli"]


def copy_tree(to: Path) -> None:
    """The modules, empty."""
    for top in LINTER["root_packages"]:
        for path in (ROOT / top).rglob("*.py"):
            made = to / path.relative_to(ROOT)
            made.parent.mkdir(parents=True, exist_ok=True)
            made.touch()
