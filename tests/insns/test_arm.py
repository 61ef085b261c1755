"""Every line of the tables in ``arm/`` and ``thumb/``: decoded as written, and doing what it says."""

from pathlib import Path

import pytest
from support.ins import Case, check, read_table

from frontends.arm.disasm import disassemble

TABLES = sorted(Path(__file__).parent.glob("*/*.ins"))
CASES = [case for path in TABLES for case in read_table(path)]


@pytest.mark.parametrize("case", CASES, ids=[case.where for case in CASES])
def test_instruction(case: Case) -> None:
    assert disassemble(case.code.ljust(4, b"\0"), case.pc, case.thumb) == case.asm
    check(case)


def test_there_are_tables() -> None:
    assert {path.parent.name for path in TABLES} == {"arm", "thumb"}
    assert all(any(case.path == path for case in CASES) for path in TABLES)
