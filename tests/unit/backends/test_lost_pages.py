"""Guest code meets a page whose file has become shorter: this process lives on."""

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]

SCRIPT = """
import os, sys, tempfile
from support.rig import Rig
from backends.numba_jit import NumbaBackend
from backends.reference import ReferenceBackend
from dbt.interfaces import PAGE, READ, WRITE, BackendOptions
from dbt.ir.parser import parse_block

BLOCK = '''
block 0x8000 {
  insn 0x8000 4
  %0:i32 = get r1
  %1:i32 = load %0
  set r2 %1
  halt done 0x8000
}
'''
backend, tier = sys.argv[1:]
machine = Rig({"reference": ReferenceBackend, "numba": NumbaBackend}[backend](), BackendOptions(tier=tier))
with tempfile.TemporaryFile() as file:
    file.truncate(PAGE)
    machine.memory.map_shared(0x100000, PAGE, READ | WRITE, file.fileno(), 0)
    file.truncate(0)
    block = parse_block(BLOCK)
    machine.install(block)
    machine.state["r1"] = 0x100000
    machine.executor.run(block.key)
    machine.executor.run(block.key)
    print(machine.executor.run(block.key))
machine.close()
"""


@pytest.mark.parametrize(
    ("backend", "tier"), [("reference", "0"), ("numba", "0"), ("numba", "1"), ("numba", "2")]
)
def test_the_process_lives_and_the_fault_is_the_guests(backend: str, tier: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, backend, tier],
        env={"PYTHONPATH": f"{TESTS}:{TESTS.parent}"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("FaultHit(pc=32768, mode=0, address=1048576")
