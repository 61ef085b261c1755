"""Units on a host whose address space is full of small holes: code must reach its constants."""

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[4]

UNITS = """
from support import rig
from support.crowded import crowd
from support.units import UnitMachine

from dbt.ir.parser import parse_block

TEXT = '''
block 0x8000 {
  insn 0x8000 4
  %0:i32 = get r1
  %1:i32 = rbit %0
  set r2 %1
  halt done 0x8000
}
'''
crowd()
machine = UnitMachine()
for _ in range(100):
    (code,) = machine.compile(parse_block(TEXT), level="optimised").values()
    machine.state["r1"] = 2
    machine.enter(code, 10)
    print(hex(machine.state["r2"]))
"""


def test_units_with_constants() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNITS], cwd=TESTS, env={"PYTHONPATH": f"{TESTS}:{TESTS.parent}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0x40000000"] * 100
