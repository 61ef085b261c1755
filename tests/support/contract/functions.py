"""Functions that blocks invoke: what they see, what they change, and what becomes of exceptions."""

import ctypes
import functools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import strategies
from support.contract import EXAMPLES, Contract
from support.functions import Counting
from support.rig import ALL, DATA, FLAGS, START, WORDS, Rig, rigged

from backends.reference import ReferenceBackend
from dbt.interfaces import FaultHit, FuelOut, HaltHit, NativeFunction
from dbt.ir.block import Block, BlockKey
from dbt.runtime.functions import prototype
from dbt.stops import Access


class FunctionsContract(Contract):
    """``invoke``."""

    SEEN = f"""
        block 0x8000 {{
          insn 0x8000 4
          %0:i32 = get r0
          %1:i32 = get r1
          %2:i32 = add %0, 0x1
          set r0 %2
          %3:i64 = get w0
          %4:i1 = get zf
          set nf %4
          invoke see %2, %3, %4, 0xff:i8, 0xffffffff
          %5:i32 = get r0
          set r2 %5
          %6:i32 = add %0, %1
          set r3 %6
          insn 0x8004 4
          %7:i32 = get r4
          store {DATA:#x}, %7
          halt done 0x8000
        }}"""

    def test_state_is_written_before_and_read_again_after(self, rig: Rig) -> None:
        seen = []

        def see(environment: int, *args: int) -> None:
            seen.append((environment, args, rig.state.snapshot()))
            for name in WORDS:
                rig.state.set(name, 0x100 + int(name[1:]))
            rig.state.set("w0", 7)
            rig.state.set("nf", 0)

        def see5(env: int, a: int, b: int, c: int, d: int, e: int) -> None:
            see(env, a, b, c, d, e)

        rig.functions.define("see", see5)
        self.install(rig, self.SEEN)
        rig.state.restore({"r0": 0xFFFFFFFF, "r1": 5, "w0": (1 << 64) - 2, "zf": 1, "nf": 0})
        assert rig.executor.run(BlockKey(START)) == HaltHit("done", START)
        ((environment, args, state),) = seen
        assert environment == rig.state.address
        assert args == (0, -2, 1, 0xFF, 0xFFFFFFFF)  # i64 as C has it
        assert (state["r0"], state["r1"], state["nf"]) == (0, 5, 1)
        assert rig.state.get("r0") == rig.state.get("r2") == 0x100
        assert rig.state.get("r3") == 4, "values computed before are not touched"
        assert (rig.state.get("w0"), rig.state.get("nf"), rig.state.get("zf")) == (7, 0, 1)
        assert rig.memory.load(DATA, 4) == 0x104
        assert rig.functions.take_failure() is None

    @pytest.mark.parametrize("holds", [0, 1])
    def test_when(self, rig: Rig, holds: int) -> None:
        def change(env: int, value: int) -> None:
            rig.state.set("r1", value)
            rig.state.set("cf", 1)

        rig.functions.define("change", change)
        self.install(
            rig,
            """
            block 0x8000 {
              insn 0x8000 4
              %0:i32 = get r0
              %1:i1 = get zf
              set r1 0x5
              set cf 0x0:i1
              invoke change %0 when %1
              %2:i32 = get r1
              set r2 %2
              halt done 0x8000
            }""",
        )
        rig.state.restore({"r0": 9, "zf": holds, "r1": 1})
        rig.executor.run(BlockKey(START))
        assert (rig.state.get("r2"), rig.state.get("cf")) == ((9, 1) if holds else (5, 0))

    TICKS = """
        block 0x8000 {
          insn 0x8000 4
          %0:i32 = get r0
          %1:i32 = add %0, 0x1
          set r0 %1
          insn 0x8004 4
          invoke tick %1
          goto 0x8000
        }"""

    def test_a_function_takes_no_fuel_and_can_be_replaced_at_any_time(self, rig: Rig) -> None:
        ticks: list[tuple[str, int]] = []

        def second(env: int, number: int) -> None:
            ticks.append(("second", number))

        def first(env: int, number: int) -> None:
            ticks.append(("first", number))
            if number == 3:
                rig.functions.define("tick", second)

        rig.functions.define("tick", first)
        self.install(rig, self.TICKS)
        rig.executor.fuel = 11
        assert rig.executor.run(BlockKey(START)) == FuelOut(BlockKey(START))
        assert rig.executor.fuel == 1
        assert ticks == [("first", n) for n in (1, 2, 3)] + [("second", n) for n in (4, 5)]

    def test_an_exception_is_kept_and_a_run_can_be_stopped(self, rig: Rig) -> None:
        def tick(env: int, number: int) -> None:
            if number == 4:
                raise KeyError(number)

        taken = []

        def stop() -> None:
            taken.append(rig.executor.fuel)
            rig.executor.fuel = 0

        rig.functions.define("tick", tick)
        rig.functions.on_failure = stop
        self.install(rig, self.TICKS)
        rig.executor.fuel = 1000
        assert rig.executor.run(BlockKey(START)) == FuelOut(BlockKey(START))
        assert rig.state.get("r0") == 4
        assert rig.executor.fuel == 0
        assert taken == [1000 - 8]
        assert repr(rig.functions.take_failure()) == "KeyError(4)"

    def test_a_function_that_is_not_defined_fails(self, rig: Rig) -> None:
        self.install(rig, self.TICKS)
        rig.executor.fuel = 2
        rig.executor.run(BlockKey(START))
        assert repr(rig.functions.take_failure()) == "LookupError(\"no function is named 'tick'\")"

    def test_a_native_function_is_called_by_its_address(self, rig: Rig) -> None:
        calls = []
        thunk = prototype(2)(lambda env, a, b: calls.append((env, a, b)))  # as good as any C
        address = ctypes.cast(thunk, ctypes.c_void_p).value
        assert address is not None
        quiet = NativeFunction(uses_state=False, may_stop=False)
        rig.functions.define_native("pair", address, 2, quiet, thunk)
        self.install(
            rig,
            """
            block 0x8000 {
              insn 0x8000 4
              %0:i32 = get r0
              set r0 0x1
              invoke pair %0, 0x7:i64
              halt done 0x8000
            }""",
        )
        rig.state.set("r0", 0x80000000)
        rig.executor.run(BlockKey(START))
        assert calls == [(rig.state.address, 0x80000000, 7)]
        assert rig.state.get("r0") == 1

    def test_a_fault_after_a_call_is_exact(self, rig: Rig) -> None:
        rig.functions.define("move", lambda env: rig.state.set("r1", 0x44))
        self.install(
            rig,
            """
            block 0x8000 {
              insn 0x8000 4
              set r0 0x5
              insn 0x8004 4
              invoke move
              %0:i32 = load 0x0
              set r1 %0
              goto 0x8008
            }""",
        )
        rig.executor.fuel = 10
        assert rig.executor.run(BlockKey(START)) == FaultHit(0x8004, 0, 0, Access.READ)
        assert (rig.state.get("r0"), rig.state.get("r1"), rig.executor.fuel) == (5, 0x44, 9)

    COMPARE = """
          %0:i32 = get r0
          %1:i32 = get r1
          %2:i32 = sub %0, %1
          %3:i1 = slt %2, 0x0
          set nf %3
          %4:i1 = eq %2, 0x0
          set zf %4
          %5:i1 = ule %1, %0
          set cf %5
          %6:i32 = not %1
          %7:i1 = overflow %0, %6, 0x1:i1
          set vf %7"""
    FLAGGED = """
        block 0x8000 {{
          insn 0x8000 4{compare}
          goto 0x8010
        }}
        block 0x8010 {{
          insn 0x8010 4{second}
          insn 0x8014 4
          invoke look
          %8:i32 = get r5
          %9:i32 = load %8
          goto 0x8020
        }}
        block 0x8020 {{
          insn 0x8020 4
          %0:i1 = get nf
          %1:i1 = get zf
          %2:i32 = zext %0
          %3:i32 = zext %1
          set r2 %2
          set r3 %3
          halt done 0x8020
        }}"""

    @pytest.mark.parametrize("changes", [False, True])
    @pytest.mark.parametrize("again", [False, True])
    def test_flags_are_there_and_stay_as_they_are_set(
        self, rig: Rig, again: bool, changes: bool
    ) -> None:
        """Flags of a comparison, in the block before or in the one that calls."""
        seen = []

        def look(env: int) -> None:
            seen.append(tuple(rig.state.get(flag) for flag in FLAGS))
            if changes:
                rig.state.set("nf", 1)
                rig.state.set("zf", 1)

        rig.functions.define("look", look)
        second = self.COMPARE.replace("get r1", "get r4") if again else ""
        self.install(rig, self.FLAGGED.format(compare=self.COMPARE, second=second))
        rig.executor.apply(ALL)
        # 3 - 5 is negative, with a borrow; 3 - 3 is zero, without.
        for _ in range(3):
            rig.state.restore({"r0": 3, "r1": 5, "r4": 3, "nf": 0, "zf": 0, "cf": 1, "vf": 1})
            rig.state.set("r5", DATA)
            assert rig.executor.run(BlockKey(START)) == HaltHit("done", 0x8020)
            assert seen.pop() == ((0, 1, 1, 0) if again else (1, 0, 0, 0))
            expected = (1, 1) if changes else (0, 1) if again else (1, 0)
            assert (rig.state.get("r2"), rig.state.get("r3")) == expected
            rig.state.set("r5", 0)
            rig.state.set("r0", 3)
            assert isinstance(rig.executor.run(BlockKey(START)), FaultHit)
            assert (rig.state.get("nf"), rig.state.get("zf")) == expected
            seen.pop()

    def test_a_function_may_close_a_page_that_was_looked_at_before(self, rig: Rig) -> None:
        def close(env: int) -> None:
            rig.memory.perms[DATA // 4096] &= ~3

        rig.functions.define("close", close)
        self.install(
            rig,
            """
            block 0x8000 {
              insn 0x8000 4
              %0:i32 = get r0
              %1:i32 = load %0
              set r1 %1
              insn 0x8004 4
              invoke close
              %2:i32 = load %0
              set r2 %2
              halt done 0x8004
            }""",
        )
        rig.state.set("r0", DATA)
        assert rig.executor.run(BlockKey(START)) == FaultHit(0x8004, 0, DATA, Access.READ)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_random_block_with_calls(self, data: st.DataObject) -> None:
        """Functions that log what they see and stir the state, anywhere in a block."""
        block = data.draw(strategies.blocks(max_ops=14))
        strategies.add_calls(data.draw, block, ["stir", "stir2"])
        state = data.draw(strategies.states())
        outcomes = []
        for backend, options in ((ReferenceBackend(), None), (self.make_backend(), self.options)):
            with rigged(backend, options, self.dialect) as machine:
                log = stirring(machine)
                machine.state.restore(state)
                machine.memory.poke(DATA, bytes(range(256)) * 32)
                machine.install(block)
                event = machine.executor.run(block.key)
                outcomes.append((event, machine.reasons(), machine.snapshot(), log))
        assert outcomes[1] == outcomes[0]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_random_program_with_calls(self, data: st.DataObject) -> None:
        program: dict[BlockKey, Block] = data.draw(strategies.programs())
        for block in program.values():
            strategies.add_calls(data.draw, block, ["stir", "stir2"])
        state = data.draw(strategies.states())
        outcomes = []
        for backend, options in ((ReferenceBackend(), None), (self.make_backend(), self.options)):
            with rigged(backend, options, self.dialect) as machine:
                log = stirring(machine)
                machine.state.restore(state)
                machine.executor.fuel = 40
                event = machine.run_all(program, BlockKey(START))
                outcomes.append((event, machine.reasons(), machine.snapshot(), log))
        assert outcomes[1] == outcomes[0]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_random_program_with_linked_code(self, data: st.DataObject) -> None:
        """A function whose code is known, between calls of one that stirs the state."""
        program: dict[BlockKey, Block] = data.draw(strategies.programs())
        for block in program.values():
            strategies.add_calls(data.draw, block, ["tick"])
            strategies.add_calls(data.draw, block, ["stir"])
        state = data.draw(strategies.states())
        tick = ticking()
        outcomes = []
        for backend, options in ((ReferenceBackend(), None), (self.make_backend(), self.options)):
            with rigged(backend, options, self.dialect) as machine:
                log = stirring(machine)
                machine.functions.define_native("tick", tick.address, 1, tick.native, tick)
                machine.state.restore(state)
                machine.executor.fuel = 40
                event = machine.run_all(program, BlockKey(START))
                outcomes.append((event, machine.snapshot(), log, tick.take()))
        assert outcomes[1] == outcomes[0]


@functools.cache
def ticking() -> Counting:
    """One function for all tests: it is compiled."""
    return Counting("ticking")


def stirring(machine: Rig) -> list[object]:
    """Define ``stir`` and ``stir2``; gives the list that they write what they see to."""
    log: list[object] = []

    def look(*args: int) -> None:
        state = machine.state.snapshot()
        del state["pc"]
        log.append((args, state))
        number = len(log)
        machine.state.set(WORDS[number % len(WORDS)], number * 0x01010101)
        machine.state.set(FLAGS[number % len(FLAGS)], number & 1)
        machine.state.set("w1", state["w1"] ^ number << 40)

    def stir(env: int, a: int) -> None:
        look(a)

    def stir2(env: int, a: int, b: int) -> None:
        look(a, b)

    machine.functions.define("stir", stir)
    machine.functions.define("stir2", stir2)
    return log
