"""Accesses that load and store in one step: what they do, and where they fault."""

import re

import pytest
from support.contract import Contract
from support.rig import CODE_PAGE, DATA, DATA_END, READ_ONLY, START, Rig

from dbt.interfaces import PAGE, READ, WRITE, FaultHit, HaltHit, NotTranslated
from dbt.ir.block import BlockKey
from dbt.ir.types import I8, I16, I32, I64, Type
from dbt.stops import Access

TYPES = [I8, I16, I32, I64]
OPS = {"exchange": "exchange %0, %new", "compare_exchange": "compare_exchange %0, %old, %new"}
SHARED = [False, True]


def share(rig: Rig) -> None:
    """Have memory that other processes may have, too."""
    rig.memory.map_shared(DATA_END + PAGE, PAGE, READ | WRITE, -1, 0)


def text(op: str, type_: Type) -> str:
    """A block that makes the access with operands from slots, and sets one to the result."""
    narrow = type_ is not I64
    operands = (f"trunc %{name}64" if narrow else f"add %{name}64, 0x0:i64" for name in _OPERANDS)
    lines = [f"%{name}:{type_} = {value}" for name, value in zip(_OPERANDS, operands, strict=True)]
    block = f"""
        block 0x8000 {{
          insn 0x8000 4
          %0:i32 = get r0
          %holds:i1 = get zf
          %old64:i64 = get w0
          %new64:i64 = get w1
          set r2 0x1
          insn 0x8004 4
          {lines[0]}
          {lines[1]}
          %there:{type_} = {OPS[op]} when %holds
          %there64:i64 = {"zext %there" if narrow else "add %there, 0x0:i64"}
          set w0 %there64
          set r3 0x1
          goto 0x8008
        }}"""
    for number, name in enumerate(_NAMES, 1):
        block = re.sub(rf"%{name}\b", f"%{number}", block)
    return block


_OPERANDS = ("old", "new")
_NAMES = ("holds", "old64", "new64", "old", "new", "there", "there64")


class AtomicContract(Contract):
    """What ``exchange``, ``compare_exchange`` and ``fence`` do."""

    @pytest.mark.parametrize("shared", SHARED)
    @pytest.mark.parametrize("type_", TYPES, ids=str)
    @pytest.mark.parametrize("op", OPS)
    def test_what_is_there_is_returned_and_replaced(
        self, rig: Rig, op: str, type_: Type, shared: bool
    ) -> None:
        if shared:
            share(rig)
        self.install(rig, text(op, type_))
        mask = type_.mask
        there, new, above = 0x8122334455667788 & mask, 0x99AABBCCDDEEFF00 & mask, ~mask & I64.mask
        address = DATA + PAGE - type_.bytes
        for expected in (there, there ^ 1, there ^ 1 << type_.bits - 1):
            for holds in (1, 0):
                rig.memory.write(DATA + PAGE - 16, b"\xa5" * 32)
                rig.memory.store(address, type_.bytes, there)
                rig.state.restore({"r0": address, "zf": holds, "w0": expected | above, "w1": new})
                assert rig.executor.run(BlockKey(START)) == NotTranslated(BlockKey(0x8008))
                stored = holds and (op == "exchange" or expected == there)
                assert rig.memory.load(address, type_.bytes) == (new if stored else there)
                assert rig.state.get("w0") == (there if holds else 0)
                around = rig.memory.read(DATA + PAGE - 16, 32)
                assert around.count(b"\xa5") == 32 - type_.bytes

    REFUSED = [
        (DATA_END, Access.WRITE),
        (0, Access.WRITE),
        (0xFFFFFFF8, Access.WRITE),
        (READ_ONLY + 8, Access.WRITE),
        (CODE_PAGE, Access.WRITE),
        (DATA + 1, Access.UNALIGNED),
        (DATA_END - 1, Access.UNALIGNED),
        (READ_ONLY + 1, Access.UNALIGNED),
    ]

    @pytest.mark.parametrize("shared", SHARED)
    @pytest.mark.parametrize("type_", TYPES, ids=str)
    @pytest.mark.parametrize("op", OPS)
    def test_a_fault_changes_nothing_and_is_that_of_a_store(
        self, rig: Rig, op: str, type_: Type, shared: bool
    ) -> None:
        if shared:
            share(rig)
        self.install(rig, text(op, type_))
        for address, access in self.REFUSED:
            if access is Access.UNALIGNED and type_ is I8:
                continue
            rig.state.restore({"r0": address, "zf": 1, "w0": 1, "w1": 2, "r2": 0, "r3": 0})
            before = rig.snapshot()
            rig.executor.fuel = 10
            event = rig.executor.run(BlockKey(START))
            assert event == FaultHit(0x8004, 0, address, access), hex(address)
            assert rig.executor.fuel == 9
            assert [rig.state.get(name) for name in ("r2", "r3", "w0")] == [1, 0, 1]
            for part in ("data", "code"):
                assert rig.snapshot()[part] == before[part]
            rig.state.set("zf", 0)
            assert rig.executor.run(BlockKey(START)) == NotTranslated(BlockKey(0x8008))

    def test_a_constant_in_the_address_may_wrap_around(self, rig: Rig) -> None:
        self.install(
            rig,
            """
            block 0x8000 {
              insn 0x8000 4
              %0:i32 = get r0
              %1:i32 = add %0, 0x10
              %2:i32 = exchange %1, 0x7
              set r1 %2
              insn 0x8004 4
              %3:i32 = sub %0, 0xfff0
              %4:i32 = compare_exchange %3, 0x0, 0x9
              set r2 %4
              halt done 0x8004
            }""",
        )
        rig.memory.map(0, PAGE, READ | WRITE)
        for base, first, second in ((0xFFFFFFF4, 4, 0xFFFF0004), (0xFFF0, 0x10000, 0)):
            rig.memory.map(second & -PAGE, PAGE, READ | WRITE)
            rig.state.set("r0", base)
            assert rig.executor.run(BlockKey(START)) == HaltHit("done", 0x8004)
            assert rig.memory.load(first, 4) == 7
            assert rig.memory.load(second, 4) == 9

    @pytest.mark.parametrize("shared", SHARED)
    def test_a_fence_lets_everything_be(self, rig: Rig, shared: bool) -> None:
        if shared:
            share(rig)
        self.install(
            rig,
            f"""
            block 0x8000 {{
              insn 0x8000 4
              %0:i1 = get zf
              %1:i32 = get r0
              store {DATA:#x}, %1
              fence
              fence when %0
              %2:i32 = load {DATA:#x}
              set r1 %2
              halt done 0x8000
            }}""",
        )
        for holds in (0, 1):
            rig.state.restore({"zf": holds, "r0": 0x1234 + holds, "r1": 0})
            assert rig.executor.run(BlockKey(START)) == HaltHit("done", 0x8000)
            assert rig.state.get("r1") == 0x1234 + holds
