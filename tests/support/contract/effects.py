"""Loads, stores, faults, predicates, traps, counters, side stacks, events and fuel."""

import pytest
from support.contract import Contract
from support.rig import (
    ALL,
    CODE_PAGE,
    DATA,
    DATA_END,
    DIRECT,
    OFF,
    READ_ONLY,
    START,
    Rig,
    Rules,
)

from dbt.interfaces import (
    FaultHit,
    FuelOut,
    HaltHit,
    HookHit,
    NotTranslated,
    SyscallHit,
    TrapHit,
)
from dbt.ir.block import BlockKey
from dbt.ir.types import I32, I64, Type
from dbt.stops import Access

FRONTEND_BITS = ~0xFF


class EffectsContract(Contract):
    """What blocks do, and how they come back."""

    STORE = """
        block 0x8000 {{
          insn 0x8000 4
          %0:i32 = get r0
          set r2 %0
          insn 0x8004 4
          %1:{type} = get {slot}
          store %0, %1
          set r3 0x1
          goto 0x8008
        }}"""
    LOAD = """
        block 0x8000 {{
          insn 0x8000 4
          %0:i32 = get r0
          set r2 %0
          insn 0x8004 4
          %1:{type} = load %0
          set {slot} %1
          set r3 0x1
          goto 0x8008
        }}"""

    @pytest.mark.parametrize("type_", [I32, I64], ids=str)
    def test_unaligned_access_across_pages(self, rig: Rig, type_: Type) -> None:
        slot, value = ("r1", 0x89ABCDEF) if type_ is I32 else ("w0", 0x0123456789ABCDEF)
        self.install(rig, self.STORE.format(type=type_, slot=slot))
        address = DATA + 4096 - type_.bytes // 2
        rig.state.set("r0", address)
        rig.state.set(slot, value)
        assert rig.executor.run(BlockKey(START)) == NotTranslated(BlockKey(0x8008))
        assert rig.memory.load(address, type_.bytes) == value
        self.install(rig, self.LOAD.format(type=type_, slot=slot))
        rig.state.set(slot, 0)
        rig.executor.run(BlockKey(START))
        assert rig.state.get(slot) == value

    FAULTS = [
        ("load", I32, DATA_END, DATA_END),
        ("load", I32, DATA_END - 1, DATA_END),
        ("load", I64, DATA_END - 7, DATA_END),
        ("load", I32, DATA - 2, DATA - 2),
        ("load", I32, 0, 0),
        ("load", I32, 0xFFFFFFFE, 0xFFFFFFFE),
        ("store", I32, DATA_END - 3, DATA_END),
        ("store", I64, DATA_END - 4, DATA_END),
        ("store", I32, READ_ONLY, READ_ONLY),
        ("store", I32, START + 2, START + 2),
        ("store", I32, CODE_PAGE - 2, CODE_PAGE),
        ("store", I32, CODE_PAGE + 8, CODE_PAGE + 8),
        ("store", I64, 0xFFFFFFFC, 0xFFFFFFFC),
    ]

    @pytest.mark.parametrize(("what", "type_", "address", "first"), FAULTS, ids=str)
    def test_fault_is_exact(
        self, rig: Rig, what: str, type_: Type, address: int, first: int
    ) -> None:
        slot = "r1" if type_ is I32 else "w0"
        text = self.LOAD if what == "load" else self.STORE
        self.install(rig, text.format(type=type_, slot=slot))
        rig.state.set("r0", address)
        rig.state.set(slot, 0x5555)
        before = rig.snapshot()
        rig.executor.fuel = 10
        access = Access.READ if what == "load" else Access.WRITE
        assert rig.executor.run(BlockKey(START)) == FaultHit(0x8004, 0, first, access)
        assert rig.executor.fuel == 9, "the instruction before the fault counts, the fault does not"
        assert rig.state.get("r2") == address, "what came before is done"
        assert rig.state.get("r3") == 0
        assert rig.state.get(slot) == 0x5555
        assert rig.state.get("pc") == 0x8004
        assert rig.snapshot()["data"] == before["data"], (
            "not even the bytes it was allowed to write"
        )
        assert rig.snapshot()["code"] == before["code"]
        code = what == "store" and first >= CODE_PAGE and first < CODE_PAGE + 4096
        assert rig.reasons() == {"invalidation" if code else "fault": 1}

    def test_code_page_can_be_read(self, rig: Rig) -> None:
        rig.memory.perms[CODE_PAGE // 4096] |= 8
        self.install(rig, self.LOAD.format(type=I32, slot="r1"))
        rig.state.set("r0", CODE_PAGE)
        assert rig.executor.run(BlockKey(START)) == NotTranslated(BlockKey(0x8008))

    def test_store_goes_through_once_the_code_bit_is_gone(self, rig: Rig) -> None:
        self.install(rig, self.STORE.format(type=I32, slot="r1"))
        rig.state.set("r0", CODE_PAGE)
        rig.state.set("r1", 0xFEEDFACE)
        assert isinstance(rig.executor.run(BlockKey(START)), FaultHit)
        rig.memory.clear_code(CODE_PAGE // 4096)
        assert isinstance(rig.executor.run(BlockKey(START)), NotTranslated)
        assert rig.memory.load(CODE_PAGE, 4) == 0xFEEDFACE

    def test_fault_in_a_taken_block_gives_back_what_its_first_half_counted(self, rig: Rig) -> None:
        self.install(
            rig,
            """
            block 0x8000 {
              insn 0x8000 4
              branch 0x1:i1, 0x8000@0x1, 0x8004
            }
            block 0x8000@0x1 {
              insn 0x8000 4
              %0:i32 = load 0x0
              return %0
            }""",
        )
        rig.executor.fuel = 10
        event = rig.executor.run(BlockKey(START))
        assert isinstance(event, FaultHit)
        assert (event.pc, event.mode & FRONTEND_BITS, event.address) == (START, 0, 0)
        assert rig.executor.fuel == 10

    def test_a_fault_reports_the_frontend_mode(self, rig: Rig) -> None:
        self.install(rig, "block 0x8000@0x100 {\n insn 0x8000 4\n %0:i32 = load 0x0\n return %0\n}")
        event = rig.executor.run(BlockKey(START, 0x100))
        assert isinstance(event, FaultHit)
        assert event.mode & FRONTEND_BITS == 0x100

    @pytest.mark.parametrize("holds", [0, 1])
    def test_when_predicates_every_effect(self, rig: Rig, holds: int) -> None:
        self.install(
            rig,
            f"""
            block 0x8000 {{
              insn 0x8000 4
              %0:i1 = get zf
              %1:i32 = load {DATA:#x} when %0
              store {DATA + 4:#x}, 0x7 when %0
              count hits when %0
              push calls 0x9 when %0
              push calls 0xa
              %2:i32 = pop calls when %0
              %3:i32 = load {DATA_END:#x} when 0x0:i1
              trap_if never 0x1:i1 when 0x0:i1
              set r0 %1
              set r1 0x5 when %0
              set r2 %2
              set r3 %3
              halt done 0x8000
            }}""",
        )
        rig.memory.store(DATA, 4, 0x1111)
        for name in ("r0", "r1", "r2", "r3"):
            rig.state.set(name, 0x77)
        rig.state.set("zf", holds)
        assert rig.executor.run(BlockKey(START)) == HaltHit("done", START)
        assert rig.memory.load(DATA + 4, 4) == 7 * holds
        assert rig.counters["hits"] == holds
        assert rig.stack("calls") == ([9] if holds else [0xA])
        got = [rig.state.get(name) for name in ("r0", "r1", "r2", "r3")]
        assert got == ([0x1111, 5, 0xA, 0] if holds else [0, 0x77, 0, 0])

    @pytest.mark.parametrize("holds", [0, 1])
    @pytest.mark.parametrize(("size", "low"), [(2, 1), (4, 2), (8, 4), (16, 8), (16, 0)])
    def test_an_unaligned_address_faults(self, rig: Rig, size: int, low: int, holds: int) -> None:
        """Before anything is accessed, with the instruction to be tried again."""
        self.install(
            rig,
            f"""
            block 0x8000 {{
              insn 0x8000 4
              %0:i1 = get zf
              %1:i32 = get r1
              insn 0x8004 4
              check_align {size} %1 when %0
              store 0x10000, 0x1
              set r0 0x1
              goto 0x8008
            }}""",
        )
        rig.state.restore({"zf": holds, "r1": 0xFFFFFFF0 + low})
        rig.executor.fuel = 5
        event = rig.executor.run(BlockKey(START))
        fell = bool(holds and low)
        if fell:
            assert event == FaultHit(0x8004, 0, 0xFFFFFFF0 + low, Access.UNALIGNED)
            assert rig.reasons() == {"fault": 1}
        else:
            assert event == NotTranslated(BlockKey(0x8008))
        assert (rig.state.get("r0"), rig.executor.fuel) == (not fell, 4 if fell else 3)
        assert rig.memory.load(0x10000, 4) == (not fell)

    def test_trap_stops_before_its_instruction(self, rig: Rig) -> None:
        self.install(
            rig,
            """
            block 0x8000 {
              insn 0x8000 4
              set r0 0x1
              insn 0x8004 4
              %0:i1 = get zf
              trap_if "too far" %0
              set r0 0x2
              goto 0x8008
            }""",
        )
        rig.executor.fuel = 5
        assert rig.executor.run(BlockKey(START)) == NotTranslated(BlockKey(0x8008))
        rig.state.set("zf", 1)
        assert rig.executor.run(BlockKey(START)) == TrapHit("too far", 0x8004)
        assert (rig.state.get("r0"), rig.state.get("pc"), rig.executor.fuel) == (1, 0x8004, 2)
        assert rig.reasons() == {"not_translated": 1, "trap": 1}

    def test_counters_are_64_bits_and_side_stacks_wrap(self, rig: Rig) -> None:
        self.install(
            rig,
            """
            block 0x8000 {
              insn 0x8000 4
              count big
              %0:i32 = pop empty
              set r0 %0
              push ring 0x5
              %1:i32 = pop ring
              push ring %1
              set r1 %1
              halt done 0x8000
            }""",
        )
        rig.counters.add("big", (1 << 64) - 1)
        for value in range((1 << 16) - 1):
            rig.stacks.push("ring", value)
        rig.state.set("r0", 1)
        for depth in (1 << 16, (1 << 16) + 1, (1 << 16) + 2):
            rig.executor.run(BlockKey(START))
            assert rig.stacks.depth("ring") == depth
        assert rig.counters["big"] == 2
        assert (rig.state.get("r0"), rig.state.get("r1")) == (0, 5)
        rig.stacks.pop("ring")
        assert rig.stacks.pop("ring") == 5

    EVENTS = [
        ("swi 0x900004, 0x8004", SyscallHit(0x900004, BlockKey(0x8004)), "syscall", 0x8004, 1),
        ("hook 0x8000@0x2", HookHit(BlockKey(0x8000, 2)), "hook", 0x8000, 1),
        ("halt undefined 0x8000", HaltHit("undefined", 0x8000), "halt", 0x8000, 0),
        ("jump 0x9001", NotTranslated(BlockKey(0x9000, 0x100)), "not_translated", 0x9000, 1),
        ("return 0x9000", NotTranslated(BlockKey(0x9000)), "not_translated", 0x9000, 1),
        (
            "call 0x9001:i32, link 0x8004",
            NotTranslated(BlockKey(0x9000, 0x100)),
            "not_translated",
            0x9000,
            1,
        ),
        (
            "call 0x9000@0x100, link 0x8004",
            NotTranslated(BlockKey(0x9000, 0x100)),
            "not_translated",
            0x9000,
            1,
        ),
        (
            "branch 0x0:i1, 0x9000, 0x8004@0x1",
            NotTranslated(BlockKey(0x8004, 1)),
            "not_translated",
            0x8004,
            1,
        ),
    ]

    @pytest.mark.parametrize(("exit_", "event", "reason", "pc", "insns"), EVENTS, ids=str)
    def test_each_exit_comes_back_as_its_event(
        self, rig: Rig, exit_: str, event: object, reason: str, pc: int, insns: int
    ) -> None:
        self.install(rig, f"block 0x8000 {{\n insn 0x8000 4\n {exit_}\n}}")
        rig.executor.fuel = 100
        assert rig.executor.run(BlockKey(START)) == event
        assert rig.reasons() == {reason: 1}
        assert rig.state.get("pc") == pc
        assert rig.executor.fuel == 100 - insns

    LOOP = """
        block 0x8000 {
          insn 0x8000 4
          %0:i32 = get r0
          %1:i32 = add %0, 0x1
          set r0 %1
          insn 0x8004 4
          insn 0x8008 4
          goto 0x8000
        }"""

    @pytest.mark.parametrize("rules", [ALL, DIRECT, OFF, Rules(denied=frozenset({START}))])
    def test_fuel_is_exact(self, rig: Rig, rules: Rules) -> None:
        self.install(rig, self.LOOP)
        rig.executor.apply(rules)
        rig.executor.fuel = 0
        key = BlockKey(START)
        for grant, turns, left in ((2, 0, 2), (1, 1, 0), (299, 100, 2), (3002, 1101, 1)):
            rig.executor.fuel += grant
            assert rig.executor.run(key) == FuelOut(key)
            assert rig.state.get("r0") == turns
            assert rig.executor.fuel == left
            assert rig.state.get("pc") == START
        assert rig.reasons()["budget"] == 4
