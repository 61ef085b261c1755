"""What every backend must do: one test class, subclassed by each backend's tests.

A subclass supplies ``make_backend``; for the cases see here. ``options`` may choose a tier. The oracle
is the reference backend, which evaluates the IR, and, where it matters most, numbers written down.
"""

import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import strategies
from support.toy import (
    ALL,
    CODE_PAGE,
    DATA,
    DATA_END,
    DIRECT,
    OFF,
    READ_ONLY,
    START,
    Rules,
    Toy,
    toy,
)

from backends.reference import ReferenceBackend
from dbt.interfaces import (
    Backend,
    BackendOptions,
    FaultHit,
    FuelOut,
    HaltHit,
    HookHit,
    LinkKind,
    NotTranslated,
    SyscallHit,
    TrapHit,
)
from dbt.ir.block import Block, BlockKey, Const, Halt
from dbt.ir.builder import Builder
from dbt.ir.evaluate import evaluate_pure
from dbt.ir.ops import OPS, Op
from dbt.ir.parser import parse_blocks
from dbt.ir.types import I1, I8, I16, I32, I64, Type
from dbt.stops import Access

FRONTEND_BITS = ~0xFF
BINARY = [op for op in OPS.values() if op.pure and op.args == ("T", "T")]
SLOT = {I1: "nf", I8: "r0", I16: "r0", I32: "r0", I64: "w0"}
SECOND = {I1: "zf", I8: "r1", I16: "r1", I32: "r1", I64: "w1"}
CASES = [
    (op, operand, result)
    for op in strategies.PURE_OPS
    for operand, result in strategies.typings(op)
]


def _ids(value: object) -> str:
    return str(value)


def _combinations(op: Op, operand: Type) -> Iterator[tuple[int, ...]]:
    letters = {"T": strategies.edges(operand), "i1": [0, 1]}
    rows: list[tuple[int, ...]] = [()]
    for letter in op.args:
        rows = [(*row, value) for row in rows for value in letters[letter]]
    return iter(rows)


def _operand(emit: Builder, type_: Type, slot: str) -> object:
    """A value of a narrow type out of a slot."""
    if type_ in (I8, I16):
        return emit.trunc(emit.get(slot, I32), type_)
    return emit.get(slot, type_)


class BackendContract:
    """The cases. Names say what is promised."""

    options = BackendOptions()
    live_seconds = 20.0

    def make_backend(self) -> Backend:
        """The backend under test."""
        raise NotImplementedError

    @pytest.fixture
    def rig(self) -> Iterator[Toy]:
        """A toy machine for the backend under test."""
        with toy(self.make_backend(), self.options) as machine:
            yield machine

    def install(self, rig: Toy, text: str) -> None:
        rig.install(*parse_blocks(text))

    # -- ops -------------------------------------------------------------------------------------

    @pytest.mark.parametrize(("op", "operand", "result"), CASES, ids=_ids)
    def test_pure_op_of_variables(self, rig: Toy, op: Op, operand: Type, result: Type) -> None:
        block = Block(BlockKey(START), [], Halt("done", 0))
        emit = Builder(block.insts)
        slots = iter((SLOT[operand], SECOND[operand]))
        kinds = [(I1, "cf") if letter == "i1" else (operand, next(slots)) for letter in op.args]
        args = tuple(_operand(emit, type_, slot) for type_, slot in kinds)
        emit.store(Const(DATA, I32), emit.emit(op, args, result))  # type: ignore[arg-type]
        rig.install(block)
        types = [type_ for type_, _ in kinds]
        for values in _combinations(op, operand):
            for (_, slot), value in zip(kinds, values, strict=True):
                rig.state.set(slot, value)
            assert rig.executor.run(block.key) == HaltHit("done", 0)
            found = rig.memory.load(DATA, result.bytes)
            assert found == evaluate_pure(op, result, values, types), (str(op), values)

    @pytest.mark.parametrize("type_", [I1, I8, I16, I32, I64], ids=_ids)
    @pytest.mark.parametrize("op", BINARY, ids=_ids)
    def test_binary_op_with_a_constant(self, rig: Toy, op: Op, type_: Type) -> None:
        result = I1 if op.result == "i1" else type_
        constants = [Const(value, type_) for value in strategies.edges(type_)]
        block = Block(BlockKey(START), [], Halt("done", 0))
        emit = Builder(block.insts)
        x = _operand(emit, type_, SLOT[type_])
        pairs = [(x, c) for c in constants] + [(c, x) for c in constants]
        for index, pair in enumerate(pairs):
            emit.store(Const(DATA + 8 * index, I32), emit.emit(op, pair, result))  # type: ignore[arg-type]
        rig.install(block)
        for value in strategies.edges(type_):
            rig.state.set(SLOT[type_], value)
            rig.executor.run(block.key)
            for index, pair in enumerate(pairs):
                a, b = (p.value if isinstance(p, Const) else value for p in pair)
                found = rig.memory.load(DATA + 8 * index, result.bytes)
                assert found == evaluate_pure(op, result, [a, b], [type_, type_]), (str(op), a, b)

    # -- random blocks -------------------------------------------------------------------------------

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_random_block_does_what_the_evaluator_says(self, data: st.DataObject) -> None:
        block = data.draw(strategies.blocks())
        state = data.draw(strategies.states())
        outcomes = []
        for backend, options in ((ReferenceBackend(), None), (self.make_backend(), self.options)):
            with toy(backend, options) as machine:
                machine.state.restore(state)
                machine.memory.poke(DATA, bytes(range(256)) * 32)
                machine.stacks.push("calls", 0x1234)
                machine.install(block)
                event = machine.executor.run(block.key)
                outcomes.append((event, machine.reasons(), machine.snapshot()))
        assert outcomes[1] == outcomes[0]

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_random_program_has_the_same_counts(self, data: st.DataObject) -> None:
        program = data.draw(strategies.programs())
        state = data.draw(strategies.states())
        rules = [data.draw(strategies.rules([key.pc for key in program])) for _ in range(3)]
        outcomes = []
        for backend, options in ((ReferenceBackend(), None), (self.make_backend(), self.options)):
            with toy(backend, options) as machine:
                machine.state.restore(state)
                key = BlockKey(START)
                events = []
                for rule in rules:
                    machine.executor.apply(rule)
                    machine.executor.fuel = 40
                    events.append(machine.run_all(program, key))
                    key = getattr(events[-1], "key", key)
                outcomes.append((events, machine.reasons(), machine.snapshot()))
        assert outcomes[1] == outcomes[0]

    # -- memory ----------------------------------------------------------------------------------------

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

    @pytest.mark.parametrize("type_", [I32, I64], ids=_ids)
    def test_unaligned_access_across_pages(self, rig: Toy, type_: Type) -> None:
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

    @pytest.mark.parametrize(("what", "type_", "address", "first"), FAULTS, ids=_ids)
    def test_fault_is_exact(
        self, rig: Toy, what: str, type_: Type, address: int, first: int
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

    def test_code_page_can_be_read(self, rig: Toy) -> None:
        rig.memory.perms[CODE_PAGE // 4096] |= 8
        self.install(rig, self.LOAD.format(type=I32, slot="r1"))
        rig.state.set("r0", CODE_PAGE)
        assert rig.executor.run(BlockKey(START)) == NotTranslated(BlockKey(0x8008))

    def test_store_goes_through_once_the_code_bit_is_gone(self, rig: Toy) -> None:
        self.install(rig, self.STORE.format(type=I32, slot="r1"))
        rig.state.set("r0", CODE_PAGE)
        rig.state.set("r1", 0xFEEDFACE)
        assert isinstance(rig.executor.run(BlockKey(START)), FaultHit)
        rig.memory.clear_code(CODE_PAGE // 4096)
        assert isinstance(rig.executor.run(BlockKey(START)), NotTranslated)
        assert rig.memory.load(CODE_PAGE, 4) == 0xFEEDFACE

    def test_fault_in_a_taken_block_gives_back_what_its_first_half_counted(self, rig: Toy) -> None:
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

    def test_a_fault_reports_the_frontend_mode(self, rig: Toy) -> None:
        self.install(rig, "block 0x8000@0x100 {\n insn 0x8000 4\n %0:i32 = load 0x0\n return %0\n}")
        event = rig.executor.run(BlockKey(START, 0x100))
        assert isinstance(event, FaultHit)
        assert event.mode & FRONTEND_BITS == 0x100

    # -- predicates and instrumentation ------------------------------------------------------------------

    @pytest.mark.parametrize("holds", [0, 1])
    def test_when_predicates_every_effect(self, rig: Toy, holds: int) -> None:
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

    def test_trap_stops_before_its_instruction(self, rig: Toy) -> None:
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

    def test_counters_are_64_bits_and_side_stacks_wrap(self, rig: Toy) -> None:
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

    # -- events --------------------------------------------------------------------------------------------

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

    @pytest.mark.parametrize(("exit_", "event", "reason", "pc", "insns"), EVENTS, ids=_ids)
    def test_each_exit_comes_back_as_its_event(
        self, rig: Toy, exit_: str, event: object, reason: str, pc: int, insns: int
    ) -> None:
        self.install(rig, f"block 0x8000 {{\n insn 0x8000 4\n {exit_}\n}}")
        rig.executor.fuel = 100
        assert rig.executor.run(BlockKey(START)) == event
        assert rig.reasons() == {reason: 1}
        assert rig.state.get("pc") == pc
        assert rig.executor.fuel == 100 - insns

    # -- fuel ------------------------------------------------------------------------------------------------

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
    def test_fuel_is_exact(self, rig: Toy, rules: Rules) -> None:
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

    # -- chaining ----------------------------------------------------------------------------------------------

    PAIR = """
        block 0x8000 {
          insn 0x8000 4
          %0:i32 = get r0
          %1:i32 = sub %0, 0x1
          set r0 %1
          %2:i1 = eq %1, 0x0
          branch %2, 0x8100, 0x8004
        }
        block 0x8004 {
          insn 0x8004 4
          goto 0x8000
        }
        block 0x8100 {
          insn 0x8100 4
          swi 0x0, 0x8104
        }"""

    @pytest.mark.parametrize(
        ("rules", "expected"),
        [
            (ALL, {"unlinked": 3, "syscall": 1}),
            (DIRECT, {"unlinked": 3, "syscall": 1}),
            (OFF, {"unlinked": 19, "syscall": 1}),
            (Rules(denied=frozenset({0x8004})), {"denied": 9, "unlinked": 2, "syscall": 1}),
            (Rules(OFF.kinds, frozenset({0x8004})), {"denied": 9, "unlinked": 10, "syscall": 1}),
        ],
    )
    def test_direct_edges_are_counted(
        self, rig: Toy, rules: Rules, expected: dict[str, int]
    ) -> None:
        self.install(rig, self.PAIR)
        rig.executor.apply(rules)
        rig.state.set("r0", 10)
        rig.executor.fuel = 100
        assert rig.executor.run(BlockKey(START)) == SyscallHit(0, BlockKey(0x8104))
        assert rig.reasons() == expected
        assert rig.executor.fuel == 100 - 20

    def test_a_link_made_after_a_translation_is_not_counted_twice(self, rig: Toy) -> None:
        program = {block.key: block for block in parse_blocks(self.PAIR)}
        rig.executor.apply(ALL)
        rig.state.set("r0", 10)
        assert rig.run_all(program, BlockKey(START)) == SyscallHit(0, BlockKey(0x8104))
        # the first entry, 8000 -> 8004, 8000 -> 8100; only 8004 -> 8000 finds its target
        assert rig.reasons() == {"not_translated": 3, "unlinked": 1, "syscall": 1}
        rig.state.set("r0", 10)
        rig.executor.run(BlockKey(START))
        assert rig.reasons() == {"not_translated": 3, "unlinked": 1, "syscall": 2}

    CALLS = """
        block 0x8000 {{
          insn 0x8000 4
          %0:i32 = get r0
          %1:i32 = sub %0, 0x1
          set r0 %1
          %2:i1 = eq %1, 0x0
          branch %2, 0x8100, 0x8004
        }}
        block 0x8004 {{
          insn 0x8004 4
          %0:i32 = get r1
          {exit}
        }}
        block 0x8100 {{
          insn 0x8100 4
          swi 0x0, 0x8104
        }}"""

    @pytest.mark.parametrize(
        ("exit_", "reason", "kind"),
        [
            ("jump %0", "indirect_miss", LinkKind.INDIRECT),
            ("call %0, link 0x8008", "indirect_miss", LinkKind.INDIRECT),
            ("return %0", "return_miss", LinkKind.RETURN),
        ],
    )
    def test_computed_edges_are_counted(
        self, rig: Toy, exit_: str, reason: str, kind: LinkKind
    ) -> None:
        self.install(rig, self.CALLS.format(exit=exit_))
        only = Rules(frozenset({LinkKind.DIRECT, kind}))
        others = Rules(frozenset(LinkKind) - {kind})
        denied = Rules(denied=frozenset({START}))
        runs = [(ALL, {}), (only, {}), (others, {reason: 9}), (denied, {"denied": 9})]
        rig.state.set("r1", START)
        rig.executor.apply(ALL)
        rig.state.set("r0", 3)
        rig.executor.run(BlockKey(START))
        for rules, expected in runs:
            rig.executor.apply(rules)
            before = rig.reasons()
            rig.state.set("r0", 10)
            assert rig.executor.run(BlockKey(START)) == SyscallHit(0, BlockKey(0x8104))
            after = rig.reasons()
            gained = {name: after[name] - before.get(name, 0) for name in after}
            assert {name: n for name, n in gained.items() if n} == {"syscall": 1, **expected}

    def test_computed_edge_to_a_new_block_is_followed(self, rig: Toy) -> None:
        program = {block.key: block for block in parse_blocks(self.CALLS.format(exit="return %0"))}
        rig.executor.apply(ALL)
        rig.state.set("r0", 5)
        rig.state.set("r1", START)
        assert isinstance(rig.run_all(program, BlockKey(START)), SyscallHit)
        assert rig.reasons() == {"not_translated": 3, "syscall": 1}

    def test_deny_and_allow_take_effect_on_made_links(self, rig: Toy) -> None:
        self.install(rig, self.PAIR)
        counts = []
        for rules in (ALL, ALL, Rules(denied=frozenset({0x8004})), ALL, ALL, OFF, ALL):
            rig.executor.apply(rules)
            before = rig.reasons()
            rig.state.set("r0", 4)
            rig.executor.run(BlockKey(START))
            after = rig.reasons()
            counts.append([after.get(n, 0) - before.get(n, 0) for n in ("unlinked", "denied")])
        # Edges: 8000->8004 and back three times each, then 8000->8100. A denial unlinks one edge.
        assert counts == [[3, 0], [0, 0], [0, 3], [1, 0], [0, 0], [7, 0], [3, 0]]

    def test_rules_change_in_the_middle_of_a_chained_loop(self, rig: Toy) -> None:
        self.install(
            rig,
            f"""
            block 0x8000 {{
              insn 0x8000 4
              %0:i32 = load {DATA + 4:#x}
              %1:i32 = add %0, 0x1
              store {DATA + 4:#x}, %1
              %2:i32 = load {DATA:#x}
              %3:i1 = ne %2, 0x0
              branch %3, 0x8100, 0x8000
            }}
            block 0x8100 {{
              insn 0x8100 4
              swi 0x0, 0x8104
            }}""",
        )
        rig.executor.apply(ALL)
        rig.executor.fuel = 1 << 50
        thread = threading.Thread(target=rig.executor.run, args=(BlockKey(START),), daemon=True)
        thread.start()
        self.wait_for_turns(rig)
        rig.executor.apply(Rules(denied=frozenset({START})))
        self.wait_for_turns(rig)
        rig.executor.apply(ALL)
        self.wait_for_turns(rig)
        rig.memory.poke(DATA, b"\1")
        thread.join(self.live_seconds)
        assert not thread.is_alive(), "the loop saw the flag"
        turns = rig.memory.load(DATA + 4, 4)
        reasons = rig.reasons()
        assert 0 < reasons["denied"] < turns
        assert reasons["unlinked"] == 3
        assert reasons["syscall"] == 1

    def wait_for_turns(self, rig: Toy) -> None:
        """Until the loop of the test above has gone round a few more times."""
        deadline = time.monotonic() + self.live_seconds
        start = int.from_bytes(rig.memory.peek(DATA + 4, 4), "little")
        while int.from_bytes(rig.memory.peek(DATA + 4, 4), "little") - start < 100:
            assert time.monotonic() < deadline, "the loop does not run"
            time.sleep(0.001)

    # -- discard and install -------------------------------------------------------------------------------------

    @pytest.mark.parametrize("gone", [START, 0x8004])
    def test_discard_unlinks_and_asks_for_the_block_again(self, rig: Toy, gone: int) -> None:
        program = {block.key: block for block in parse_blocks(self.PAIR)}
        rig.executor.apply(ALL)
        rig.state.set("r0", 10)
        rig.run_all(program, BlockKey(START))
        rig.executor.discard([BlockKey(gone), BlockKey(0x12340)])
        assert set(rig.executor.installed()) == program.keys() - {BlockKey(gone)}
        rig.state.set("r0", 10)
        before = rig.reasons()
        event = rig.executor.run(BlockKey(START))
        assert event == NotTranslated(BlockKey(gone))
        assert rig.state.get("pc") == gone
        rig.install(program[BlockKey(gone)])
        assert rig.executor.run(BlockKey(gone)) == SyscallHit(0, BlockKey(0x8104))
        assert rig.state.get("r0") == 0
        after = rig.reasons()
        assert after["not_translated"] == before["not_translated"] + 1
        # Every edge into and out of the block that went is made anew, but for the one that waited.
        assert after["unlinked"] == before["unlinked"] + (3 if gone == START else 1)

    def test_a_block_installed_again_replaces_the_old_one(self, rig: Toy) -> None:
        self.install(rig, self.PAIR)
        rig.executor.apply(ALL)
        rig.state.set("r0", 3)
        rig.executor.run(BlockKey(START))
        self.install(rig, "block 0x8004 {\n insn 0x8004 4\n set r5 0x2a\n halt done 0x8004\n}")
        rig.state.set("r0", 3)
        assert rig.executor.run(BlockKey(START)) == HaltHit("done", 0x8004)
        assert rig.state.get("r5") == 0x2A
        assert len(rig.executor.installed()) == 3

    def test_run_of_an_unknown_key_asks_for_it(self, rig: Toy) -> None:
        assert rig.executor.run(BlockKey(0x9000, 0x100)) == NotTranslated(BlockKey(0x9000, 0x100))
        assert rig.reasons() == {"not_translated": 1}

    def test_explain_and_statistics_tell_something(self, rig: Toy) -> None:
        self.install(rig, self.PAIR)
        rig.executor.run(BlockKey(START))
        assert all(isinstance(text, str) for text in rig.executor.explain(BlockKey(START)).values())
        assert any(rig.executor.statistics().values())
