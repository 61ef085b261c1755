"""Every line of the tables in ``arm/``: decoded as written, and doing what it says."""

from pathlib import Path

import pytest
from support.ins import PC, Case, check, read_table

from frontends.arm.disasm import disassemble

TABLES = sorted((Path(__file__).parent / "arm").glob("*.ins"))
CASES = [case for path in TABLES for case in read_table(path)]


@pytest.mark.parametrize("case", CASES, ids=[case.where for case in CASES])
def test_instruction(case: Case) -> None:
    assert disassemble(case.word.to_bytes(4, "little"), PC) == case.asm
    check(case)


def test_there_are_tables() -> None:
    assert TABLES
    assert all(any(case.where.startswith(path.name) for case in CASES) for path in TABLES)
