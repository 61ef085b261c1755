"""What blocks become in tier 0: the words, one by one."""

import pytest
from support.rig import Rig, rigged

from backends.numba_jit import NumbaBackend
from backends.numba_jit.interpreter.opcodes import ACCESS, NAMES
from dbt.interfaces import BackendOptions
from dbt.ir.block import BlockKey
from dbt.ir.parser import parse_blocks

START = 0x8000


def operations(body: str) -> list[str]:
    """The names of the operations that a block's body is lowered to."""
    with rigged(NumbaBackend(), BackendOptions(tier="0")) as machine:
        return lowered(machine, body)


def lowered(machine: Rig, body: str) -> list[str]:
    block = next(iter(parse_blocks("block 0x8000 {\n insn 0x8000 4\n" + body + "\n}")))
    machine.executor.install(block)
    text = machine.executor.explain(BlockKey(START))["bytecode"]
    return [line.split()[1] for line in text.splitlines()]


SUB_FLAGS = """
  %1:i32 = sub %0, {b}
  %2:i1 = ule {b}, %0
  {complement}
  %4:i1 = overflow %0, {inverted}, 0x1
  %5:i1 = slt %1, 0x0
  set nf %5
  %6:i1 = eq %1, 0x0
  set zf %6
  set cf %2
  set vf %4
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("%0:i32 = get r1\n %1:i32 = add %0, 0x4\n set r0 %1", ["ADDI"]),
        ("%0:i32 = get r1\n %1:i32 = sub %0, 0x4\n set r1 %1", ["ADDI"]),
        ("%0:i32 = get r1\n %1:i32 = sub 0x4, %0\n set r1 %1", ["RSBI"]),
        (
            "%0:i32 = get r1\n %1:i32 = get r2\n %2:i32 = shl %1, 0x2\n"
            " %3:i32 = add %0, %2\n set r0 %3",
            ["ADDSH"],
        ),
        ("%0:i32 = get r1\n %1:i32 = add %0, 0x8\n %2:i32 = load %1\n set r0 %2", ["LD32"]),
        ("%0:i32 = get r1\n %1:i8 = load %0\n %2:i32 = zext %1\n set r0 %2", ["LD8"]),
        ("%0:i32 = get r1\n %1:i16 = load %0\n %2:i32 = sext %1\n set r0 %2", ["LDS16"]),
        (
            "%0:i32 = get r1\n %1:i32 = get r2\n %2:i32 = shl %1, 0x2\n"
            " %3:i32 = add %0, %2\n %4:i32 = load %3\n set r0 %4",
            ["LDX32"],
        ),
        (
            "%0:i32 = get r1\n %1:i32 = add %0, 0x4\n %2:i32 = load %0\n %3:i32 = load %1\n"
            " %4:i32 = add %0, 0x8\n set r1 %4\n set r2 %2\n set r0 %3",
            ["CHKR", "LDPU", "ADDI"],
        ),
        # A value that is still needed moves out of the slot that is overwritten.
        ("%0:i32 = get r0\n set r0 0x1\n set r1 %0", ["MOV", "LI", "MOV"]),
        # The old value of r1 is read between computation and set, so the result waits.
        (
            "%0:i32 = get r1\n %1:i32 = add %0, 0x1\n %2:i32 = load %0\n set r1 %1\n set r0 %2",
            ["LD32", "ADDI"],
        ),
        ("%0:i32 = get r1\n %1:i32 = add %0, 0x1\n", []),
    ],
)  # fmt: skip
def test_words(body: str, expected: list[str]) -> None:
    found = operations(body + "\n halt done 0x8004")
    assert sorted(found[1:-1]) == sorted(expected)


def test_comparison_sets_four_flags_in_one_word() -> None:
    body = "%0:i32 = get r0\n" + SUB_FLAGS.format(b="0x5", complement="", inverted="0xfffffffa")
    assert operations(body + " halt done 0x8004")[1:-1] == ["SUBFI"]
    body = "%0:i32 = get r0\n %9:i32 = get r1\n" + SUB_FLAGS.format(
        b="%9", complement="%3:i32 = not %9", inverted="%3"
    )
    assert operations(body + " halt done 0x8004")[1:-1] == ["SUBF"]


def test_branch_tests_what_only_it_needs() -> None:
    body = "%0:i32 = get r0\n %1:i1 = slt %0, 0x5\n branch %1, 0x8010, 0x8004"
    assert operations(body)[1] == "BSLTI"
    body = "%0:i1 = get cf\n %1:i1 = get zf\n %2:i1 = not %1\n %3:i1 = and %0, %2\n"
    assert operations(body + " branch %3, 0x8010, 0x8004")[1] == "BHI"


def test_addresses_of_several_words_are_checked_once() -> None:
    stores = "%0:i32 = get r3\n"
    for number in range(4):
        offset = (-16 + 4 * number) & 0xFFFFFFFF
        stores += f" %{2 * number + 1}:i32 = add %0, {offset:#x}\n"
        stores += f" %{2 * number + 2}:i32 = get r{number}\n"
        stores += f" store %{2 * number + 1}, %{2 * number + 2}\n"
    assert operations(stores + " halt done 0x8004")[1:-1] == ["CHKW", "STPU", "STPU"]


def test_operations_are_numbered_as_listed() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(NAMES[op].startswith(("LD", "ST", "CHK")) for op in ACCESS)


def test_bytecode_space_is_used_again() -> None:
    with rigged(NumbaBackend(), BackendOptions(tier="0")) as machine:
        body = "%0:i32 = get r1\n set r0 %0\n halt done 0x8004"
        lowered(machine, body)
        before = machine.executor.statistics()["bytecode_bytes"]
        for _ in range(5):
            lowered(machine, body)
        assert machine.executor.statistics()["bytecode_bytes"] == before
        machine.executor.discard([BlockKey(START)])
        assert machine.executor.statistics()["bytecode_bytes"] == 0


def test_flags_computed_together_may_be_set_much_later() -> None:
    between = "\n".join(f"  %{n}:i32 = add %{n - 1}, %1" for n in range(5, 40))
    body = f"""
  %1:i32 = get r1
  %2:i1 = slt %1, 0x0
  %3:i1 = eq %1, 0x0
  %4:i32 = add %1, 0x1
{between}
  set nf %2
  set zf %3
  %40:i1 = eq %2, %3
  %41:i32 = zext %40
  set r2 %41
  set r3 %39
  goto 0x9000"""
    names = operations(body)
    assert names.count("NZ") == 1
    assert "SETNZ" not in names


def test_a_shift_is_computed_before_a_constant_is_added() -> None:
    body = "  %1:i32 = get r1\n  %2:i32 = shl %1, 0x2\n  %3:i32 = add 0x8, %2\n  set r0 %3\n  goto 0x9000"
    assert operations(body)[1:3] == ["SHLI", "ADDI"]
