"""Passes that are built into stencils: blocks are copied, and everything is as if they were not."""

import ast
import itertools
import os
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import attrs
import pytest
from support.guests import guest, symbols
from support.instrumented import (
    MOST,
    TIERS,
    Counting,
    EachInsn,
    Reads,
    Ways,
    outcome,
    process,
)

from dbt.interfaces import Pass, Place
from dbt.ir import ops
from dbt.ir.block import Block, BlockKey, Goto, Inst, Jump, Return
from dbt.ir.builder import Builder
from dbt.ir.types import I32
from dbt.ir.verifier import VerifyError


class Shown(Counting):
    """By the number as Python shows it."""

    def name(self, block: Block) -> str:
        return f"{block.key.pc!r} {[block.key.pc]}"


class Hashed(Counting):
    """By a table of addresses, for which they need hashes."""

    def name(self, block: Block) -> str:
        return {0: "zero"}.get(block.key.pc, "other")


class Capitals(Counting):
    """By a text that is changed after an address was formatted into it."""

    def name(self, block: Block) -> str:
        return f"{block.key.pc:x}".upper()


class Padded(Counting):
    """By a text of a certain width."""

    def name(self, block: Block) -> str:
        return f"{block.key.pc:x}".rjust(12)


class Typed(Counting):
    """By the type of the address."""

    def name(self, block: Block) -> str:
        return "int" if isinstance(block.key.pc, int) else "no int"


class Methods(Counting):
    """By a method that only ints have."""

    def name(self, block: Block) -> str:
        return str(block.key.pc.bit_length())


@attrs.frozen
class Behind:
    """Counts each instruction by its address, behind all that it does."""

    place: ClassVar[Place] = "instruction"

    def run(self, block: Block) -> None:
        """Count in front of the next mark."""
        pc, insts = block.key.pc, list[Inst]()
        for inst in block.insts:
            if inst.op is ops.INSN and insts:
                insts.append(Inst(ops.COUNT, (), None, (f"behind:{pc:#x}",)))
            pc = inst.imm[0] if inst.op is ops.INSN else pc  # type: ignore[assignment]
            insts.append(inst)
        insts.append(Inst(ops.COUNT, (), None, (f"behind:{pc:#x}",)))
        block.insts = insts


COPIED: dict[str, Callable[[], Sequence[Pass | str]]] = {
    "several": lambda: ["block-count", "edge-count", "call-count", "coverage"],
    "calls": lambda: ["swi-trace{sites=true}", "shadow-stack{trap=false}"],
    "each instruction": lambda: [EachInsn()],
    "behind instructions": lambda: [Behind()],
    "slots": lambda: [Reads()],
    "side stacks": lambda: [Ways(), "block-count"],
    "shown": lambda: [Shown()],
}
NOT_COPIED = (Hashed, Capitals, Padded, Typed, Methods)


@pytest.mark.rotates("name")
@pytest.mark.parametrize(
    ("name", "passes"),
    [
        *itertools.product(["indirect", "faults"], COPIED),
        *zip(
            ["fib", "setjmp", "unaligned", "swi_kinds", "swi_kinds", "signals"],
            COPIED,
            strict=False,
        ),
    ],
)
def test_copied_blocks_count_as_others_do(
    name: str, passes: str, capfd: pytest.CaptureFixture[str]
) -> None:
    copied, compiled, hot = (outcome(name, COPIED[passes](), capfd, tier) for tier in TIERS)
    assert copied.backend["copied_insns"] > 0
    assert copied.backend["compiled_blocks"] == 0
    assert copied.counters
    assert copied == compiled == hot


@pytest.mark.parametrize("name", ["indirect", "selfmod", "faults"])
def test_the_reference_agrees(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    passes = [EachInsn(), Reads(), Ways()]
    expected = outcome(name, passes, capfd, "0", backend="reference")
    assert outcome(name, passes, capfd, "0") == expected


@pytest.mark.parametrize("class_", NOT_COPIED)
def test_a_pass_that_needs_ints_sees_whole_blocks(
    class_: type[Counting], capfd: pytest.CaptureFixture[str]
) -> None:
    found, expected = (outcome("indirect", [class_()], capfd, tier) for tier in ("0", "2"))
    assert found == expected
    assert found.backend["copied_insns"] == 0


def test_two_passes_of_one_class_that_python_shows_alike(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """They are not known by their options, so that no library of one is used for the other."""

    class Named:
        place: ClassVar[Place] = "head"

        def __init__(self, name: str) -> None:
            self._name = name

        def __repr__(self) -> str:
            return "Named()"

        def run(self, block: Block) -> None:
            block.insts.insert(0, Inst(ops.COUNT, (), None, (self._name,)))

    assert set(outcome("swi_kinds", [Named("a")], capfd, "0").counters) == {"a"}
    assert set(outcome("swi_kinds", [Named("b")], capfd, "0").counters) == {"b"}


def test_a_budget_ends_amid_instrumented_blocks() -> None:
    """Nothing of an instruction is counted that is executed later."""

    def slices(tier: str) -> list[tuple[int, int]]:
        found = []
        with process("signals", [EachInsn(), "block-count"], tier, "numba_jit") as guest_:
            for _ in range(30):
                guest_.run(max_insns=37)
                counted = sum(guest_.counters.snapshot().values())
                found.append((guest_.stats()["instructions"], counted))
        return found

    assert slices("0") == slices("2")


@attrs.frozen
class TrapAtReturns:
    """Traps before returns, for a reason that has the address if ``where``."""

    where: bool
    place: ClassVar[Place] = "exit"

    def run(self, block: Block) -> None:
        """Trap before the exit."""
        match block.exit:
            case Return(target=target):
                emit = Builder(block.insts)
                reason = f"returns at {block.key.pc:#x}" if self.where else "returns"
                emit.trap_if(emit.eq(target, target), reason)


@pytest.mark.parametrize("where", [False, True])
def test_traps_are_the_same(where: bool, capfd: pytest.CaptureFixture[str]) -> None:
    found, expected = (outcome("fib", [TrapAtReturns(where)], capfd, tier) for tier in ("0", "2"))
    assert found == expected
    assert "returns" in str(found.stop)


@attrs.frozen
class Detour:
    """Makes blocks that go on at another do so by a computed jump."""

    place: ClassVar[Place] = "exit"

    def run(self, block: Block) -> None:
        """Change the exit."""
        match block.exit:
            case Goto(target=BlockKey(pc=pc, mode=0)):
                emit = Builder(block.insts)
                emit.count("detours")
                block.exit = Jump(emit.const(pc))


def test_blocks_that_only_continue_are_redirected(capfd: pytest.CaptureFixture[str]) -> None:
    """Blocks end where a hook begins one: what a pass does there is not lost."""

    def run(tier: str) -> tuple[int, int]:
        seen = []
        path = guest("fib")
        with process("fib", [Detour()], tier, "numba_jit") as guest_:
            guest_.hooks.on_call(symbols(path)["fib"] + 8, lambda _: seen.append(1))
            guest_.run(max_insns=MOST)
            return guest_.counters["detours"], len(seen)

    assert run("0") == run("2")
    assert min(run("0")) > 0
    capfd.readouterr()


@attrs.frozen
class Long:
    """Adds more code to the front of a block than a copied instruction may have."""

    place: ClassVar[Place] = "head"

    def run(self, block: Block) -> None:
        """Count in many counters."""
        block.insts[:0] = [Inst(ops.COUNT, (), None, (f"c{number}",)) for number in range(200)]


def test_what_is_too_long_is_compiled(capfd: pytest.CaptureFixture[str]) -> None:
    found, expected = (outcome("swi_kinds", [Long()], capfd, tier) for tier in ("0", "2"))
    assert found == expected
    assert found.backend["copied_insns"] == 0


@pytest.mark.parametrize("first", ["swi-trace", "shadow-stack{trap=false}", "front"])
def test_a_pass_sees_what_those_before_it_have_added(
    first: str, capfd: pytest.CaptureFixture[str]
) -> None:
    @attrs.frozen
    class Front:
        place: ClassVar[Place] = "head"

        def run(self, block: Block) -> None:
            block.insts.insert(0, Inst(ops.GET, (), I32, ("r9",)))

    def passes() -> list[Pass | str]:
        return [Front() if first == "front" else first, Reads()]

    found, expected = (outcome("swi_kinds", passes(), capfd, tier) for tier in ("0", "2"))
    assert found == expected


@attrs.frozen
class Lawless:
    """Adds what the IR does not permit."""

    place: ClassVar[Place] = "head"

    def run(self, block: Block) -> None:
        """Use a value that is computed later."""
        late = Inst(ops.GET, (), I32, ("r0",))
        block.insts.insert(0, Inst(ops.SET, (late,), None, ("r0",)))


@pytest.mark.parametrize("tier", TIERS)
def test_a_pass_that_breaks_the_rules_is_named(tier: str) -> None:
    with (
        process("swi_kinds", [Lawless()], tier, "numba_jit") as guest_,
        pytest.raises(VerifyError, match=r"^Lawless: "),
    ):
        guest_.run()


def test_another_process_uses_what_was_made(capfd: pytest.CaptureFixture[str]) -> None:
    """The passes' names are written anew: counters have other places there."""
    passes = ["edge-count", "block-count", "call-count"]
    first = outcome("setjmp", passes, capfd, "0")
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            with process("setjmp", passes, "0", "numba_jit") as guest_:
                for number in range(5):
                    guest_.counters.add(f"before-{number}", 0)
                guest_.run(max_insns=MOST)
                counted = {k: v for k, v in guest_.counters.snapshot().items() if v}
                os.write(write, repr(counted).encode())
        finally:
            os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:
        text = pipe.read().decode()
    os.waitpid(child, 0)
    assert ast.literal_eval(text) == first.counters


def test_passes_come_and_go_between_runs() -> None:
    """Code that was made for other passes is not entered any more."""

    def phases(tier: str) -> list[dict[str, int]]:
        found = []
        with process("fib", ["block-count"], tier, "numba_jit") as guest_:
            machine = guest_.hooks._machine
            for _ in range(2):
                guest_.run(max_insns=150)
                remove = machine.instrument(EachInsn())
                guest_.run(max_insns=150)
                found.append(guest_.counters.snapshot("at:"))
                remove()
                guest_.run(max_insns=150)
                found.append(guest_.counters.snapshot())
        return [{k: v for k, v in each.items() if v} for each in found]

    copied = phases("0")
    assert copied == phases("2")
    assert copied[0] != copied[2]
    assert sum(copied[0].values()) == 150


@pytest.mark.parametrize("mechanism", ["entry", "shadow", "jump"])
def test_hooks_come_and_go_from_within_hooks(mechanism: str) -> None:
    """A pass of a mechanism is added, and changes what it concerns, beside passes that count."""

    def run(tier: str) -> tuple[list[int], dict[str, int]]:
        seen: list[int] = []
        with process("fib", ["call-count", EachInsn()], tier, "numba_jit") as guest_:
            hooks = guest_.hooks

            def act(_: Any) -> None:
                seen.append(sum(guest_.counters.snapshot("at:").values()))
                if len(seen) == 5:
                    remove()

            at: Any = hooks.on_return if mechanism == "entry" else hooks.on_call
            remove = at("fib", act, mechanism=mechanism)
            guest_.run(max_insns=MOST)
            counters = guest_.counters.snapshot()
        return seen, {k: v for k, v in counters.items() if v}

    found = run("0")
    assert len(found[0]) == 5
    assert found == run("2")


@pytest.mark.parametrize("backend", ["numba_jit", "reference"])
def test_checks_of_jumps_are_copied(backend: str) -> None:
    """The checks load from a table, and direct exits to a hooked function are linked elsewhere."""
    calls: list[int] = []
    returns: list[int] = []
    with process("fib", [], "0", backend) as guest_:
        hooks = guest_.hooks
        hooks.on_call("fib", lambda event: calls.append(event.insns), mechanism="jump")
        hooks.on_return("fib", lambda event: returns.append(event.insns), mechanism="jump")
        guest_.run()
        compiled = guest_.stats().get("backend", {}).get("compiled_blocks", 0)
    assert len(calls) == len(returns) == 109
    assert compiled == 0
