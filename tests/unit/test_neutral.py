"""The core and the backends do not know a guest's registers, flags or states by name, nor where its
programs have addresses, nor which bits of a location are state."""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ARMS = re.compile(
    r"r(1[0-5]|[0-9])|sp|lr|[nzcv]f|ge[0-3]|[ac]psr|thumb|itstate|a32|t32|[ao]abi"
    r"|[dq]([12]?[0-9]|3[01])|fp[nzcv]|fpscr|vfp[0-9]*|neon",
    re.IGNORECASE,
)
GUESTS_OWN = {
    "dbt/demo.py": "runs a program that is bundled",
    "dbt/experiments/speed/small.py": "the programs are in code of both states",
    "backends/numba_jit/stencils/restart.py": "names registers of the host",
}
"""What may name them, and why."""
HIGH = re.compile(r"0x(?!f+$)(ffff[0-9a-f]*|[b-f][0-9a-f]{7})", re.IGNORECASE)
"""Addresses near the top of a guest's memory, and the numbers of their pages."""
PLACES = {
    "address",
    "entry",
    "link",
    "location",
    "pc",
    "resume",
    "site",
    "start",
    "target",
    "where",
}
"""What locations are called."""
NO_ADDRESS = {
    "dbt/experiments/peers/unicorn.py": "the adapter of an emulator of ARM",
    "dbt/hooks/mechanisms/shadow.py": "a return location that no location is equal to",
    "backends/numba_jit/abi.py": "the table of blocks, whose index is any location rotated",
    "backends/numba_jit/lookups.py": "instructions of the host, as numbers",
}
"""What may have such numbers or take bit 0 of a location, and why."""


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


def high_numbers(path: Path) -> list[str]:
    """Numbers in a file that look like addresses where ARM Linux has its own."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    numbers = [token for token in tokens if token.type == tokenize.NUMBER]
    return [
        f"{path}:{token.start[0]}: {token.string}"
        for token in numbers
        if HIGH.fullmatch(token.string)
    ]


def state_bits(path: Path) -> list[str]:
    """Expressions in a file that clear bit 0, or read it from what is called like a location."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.BitAnd):
            continue
        name = ast.unparse(node.left).rpartition(".")[2]
        mask = ast.unparse(node.right)
        if mask == "~1" or (mask == "1" and name in PLACES):
            found.append(f"{path}:{node.lineno}: {ast.unparse(node)}")
    return found


def files_but(allowed: Iterable[str]) -> list[Path]:
    """The files of the core and of the backends, without those that are allowed."""
    files = [path for package in ("dbt", "backends") for path in (ROOT / package).rglob("*.py")]
    kept = [path for path in files if not any(path.is_relative_to(ROOT / a) for a in allowed)]
    assert len(kept) > 200
    return kept


def test_nobody_names_what_only_a_frontend_knows() -> None:
    assert [line for path in files_but(GUESTS_OWN) for line in named(path)] == []


def test_nobody_knows_the_addresses_of_a_guest() -> None:
    assert [line for path in files_but(NO_ADDRESS) for line in high_numbers(path)] == []


def test_nobody_takes_a_location_apart() -> None:
    assert [line for path in files_but(NO_ADDRESS) for line in state_bits(path)] == []


def test_what_is_allowed_is_there() -> None:
    for allowed in NO_ADDRESS:
        assert high_numbers(ROOT / allowed) + state_bits(ROOT / allowed), allowed


def test_what_is_found(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text('"""sp"""\nx = state.get("r13")\ny = {"zf": 1}\nz = "spare"\n')
    assert [line.rpartition(":")[2] for line in named(path)] == [" r13", " zf"]


def test_which_numbers_are_found(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("a = 0xFFFF2000\nb = pc >> 12 == 0xFFFF0\nc = 0xBF000000\nd = x & 0xFFFFFFFF\n")
    assert [line.rpartition(":")[2] for line in high_numbers(path)] == [
        " 0xFFFF2000",
        " 0xFFFF0",
        " 0xBF000000",
    ]


def test_which_bits_are_found(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("a = value & ~1\nb = symbol.location & 1\nc = flags & 1\nd = location & bits\n")
    assert [line.rpartition(":")[2] for line in state_bits(path)] == [
        " value & ~1",
        " symbol.location & 1",
    ]
