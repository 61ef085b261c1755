"""Big-endian data in every backend and tier; what the guest writes is what qemu-arm 7.2 gives."""

from pathlib import Path

import pytest
from support.guests import guest
from support.machine_code import CODE, EXIT, program
from support.runs import command

from dbt.hooks.mechanisms import MECHANISMS
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited, InsnLimit

LINES = """\
ldr 44332211 33221145
ldrh 4433 1145
ldrb 44 11
ldrd 44332211 45342312
ldm 45342312 47362514
ldrex 44332211 0
ldrexh 4433 0
ldrexd 45342312 0
same 11223344 12233445 13243546 14253647
str d4c3b2a1 3020145 13243504 14253647
strh 1104d4c3 12233445 13243546 14253647
strd d4c3b2a1 4030201 13243546 14253647
stm d4c3b2a1 4030201 13243546 14253647
strex d4c3b2a1 12233445 13243546 14253647
strexd d4c3b2a1 4030201 13243546 14253647
calls 44332211 44332211
condition 44332211 45342312
swi 200 44332211
signal 200 44332211
handler 0 frame 1
"""


@pytest.mark.parametrize(
    "options",
    [("--backend", "reference"), *(("--tier", tier, "--verify") for tier in "012")],
    ids=["reference", "0", "1", "2"],
)
def test_a_program_with_all_kinds_of_accesses(options: tuple[str, ...], tmp_path: Path) -> None:
    """Loads, stores, exclusives, calls and returns, system calls, a signal and its return."""
    outcome = command("run", *options, str(guest("endian")), cwd=tmp_path)
    assert (outcome.stdout.decode(), outcome.stderr, outcome.status) == (LINES, b"", 0)


def test_each_instruction_counts_once(tmp_path: Path) -> None:
    """A jump that is made in Python is one instruction all the same."""
    # setend be; add lr, pc, #4; bx lr; udf; setend le; mov r0, #0; exit
    words = [0xF1010200, 0xE28FE004, 0xE12FFF1E, 0xE7F000F0, 0xF1010000, 0xE3A00000, *EXIT]
    path = str(program(tmp_path, words))
    with Process(path) as process:
        assert process.run() == Exited(0)
        assert process.engine.executed == 7
    with Process(path) as process:
        for _ in range(6):
            assert isinstance(process.run(max_insns=1), InsnLimit)
        assert process.run() == Exited(0)
        assert process.engine.executed == 7


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_hook_leaves_data_big_endian(tmp_path: Path, mechanism: str) -> None:
    """Mechanisms execute single instructions: those they stand at, and loads of the stack
    pointer."""
    # setend be; ldr r0, [pc, #16]; ldr sp, [pc, #12]; setend le; exit; the data
    words = [0xF1010200, 0xE59F0010, 0xE59FD00C, 0xF1010000, 0xE1A00000, *EXIT, 0x44332211]
    words += [0x44332211] * 2
    with Process(str(program(tmp_path, words)), options=BackendOptions(tier="0")) as process:
        seen: list[int] = []
        process.hooks.on_call(CODE + 4, lambda call: seen.append(call.pc), mechanism=mechanism)
        assert process.run() == Exited(0x44)
        assert seen == [CODE + 4]
        assert process.state["r13"] == 0x11223344
