"""Passes that see whole blocks: what they add to instructions is copied, and everything is as if it
was not."""

import itertools
from collections.abc import Callable

import attrs
import pytest
from support.guests import BENCHMARKS
from support.instrumented import EachInsn, Outcome, Reads, Ways, outcome

from backends.numba_jit.stencils.maker import Maker
from dbt.instrument.block_count import BlockCount
from dbt.interfaces import BackendOptions, Pass
from dbt.ir import ops
from dbt.ir.block import Block, Inst, Return
from dbt.ir.builder import Builder
from dbt.ir.types import I32
from dbt.ir.verifier import VerifyError
from dbt.passes.registry import parse_passes
from dbt.process import Process
from dbt.stops import Exited, Trapped

TIERS = ("0", "2", "auto")
Capture = pytest.CaptureFixture[str]


@attrs.frozen
class Whole:
    """A pass without the place that it has."""

    inner: Pass

    def run(self, block: Block) -> None:
        self.inner.run(block)


@attrs.frozen
class BeforeMarks:
    """Counts each instruction by its address, in front of its mark."""

    def run(self, block: Block) -> None:
        for at in reversed(range(len(block.insts))):
            inst = block.insts[at]
            if inst.op is ops.INSN:
                count = Inst(ops.COUNT, (), None, (f"at:{inst.imm[0]:#x}",))
                block.insts.insert(at, count)


@attrs.frozen
class Sums:
    """Keeps sums of registers with the pcs of blocks, when one register is less than another."""

    def run(self, block: Block) -> None:
        added: list[Inst] = []
        emit = Builder(added)
        total = emit.add(emit.get("r0"), emit.const(block.key.pc))
        less = emit.ult(emit.get("r1"), total)
        emit.when = less
        emit.push("from-Goto", total)
        emit.count("less")
        block.insts[0:0] = added


@attrs.frozen
class Targets:
    """Keeps where returns lead, which is a value of the guest's own instruction."""

    def run(self, block: Block) -> None:
        match block.exit:
            case Return(target=target):
                Builder(block.insts).push("from-Return", target)


def several() -> list[Pass]:
    names = ["block-count", "edge-count", "call-count", "coverage"]
    return [Whole(pass_) for pass_ in parse_passes(names)]


COPIED: dict[str, Callable[[], list[Pass]]] = {
    "several": several,
    "each instruction": lambda: [Whole(EachInsn())],
    "before marks": lambda: [BeforeMarks()],
    "slots": lambda: [Whole(Reads())],
    "side stacks": lambda: [Whole(Ways()), *parse_passes(["block-count"])],
    "sums": lambda: [Sums()],
    "targets": lambda: [Targets()],
}


def run_in_tiers(name: str, passes: str, capfd: Capture) -> list[Outcome]:
    return [outcome(name, COPIED[passes](), capfd, tier) for tier in TIERS]


@pytest.mark.rotates("name")
@pytest.mark.parametrize(
    ("name", "passes"),
    [
        *itertools.product(["indirect", "faults"], COPIED),
        *zip(["fib", "setjmp", "unaligned", "swi_kinds", "signals"], COPIED, strict=False),
    ],
)
def test_copied_blocks_count_as_others_do(name: str, passes: str, capfd: Capture) -> None:
    copied, compiled, hot = run_in_tiers(name, passes, capfd)
    assert copied.backend["copied_insns"] > 0
    assert copied.counters or copied.stacks
    assert copied == compiled == hot


@pytest.mark.parametrize("passes", ["several", "each instruction", "sums", "targets"])
def test_what_is_added_in_front_of_accesses_is_never_compiled(passes: str, capfd: Capture) -> None:
    found = outcome("indirect", COPIED[passes](), capfd, "0")
    assert found.backend["compiled_blocks"] == 0 < found.backend["copied_insns"]


@pytest.mark.parametrize("name", ["indirect", "selfmod", "faults"])
def test_the_reference_agrees(name: str, capfd: Capture) -> None:
    def passes() -> list[Pass]:
        return [Whole(pass_) for pass_ in (EachInsn(), Reads(), Ways())]

    expected = outcome(name, passes(), capfd, "0", backend="reference")
    assert outcome(name, passes(), capfd, "0") == expected


@attrs.frozen
class BehindStores:
    """Reads a register behind each store."""

    def run(self, block: Block) -> None:
        for at in reversed(range(len(block.insts))):
            if block.insts[at].op is ops.STORE:
                get = Inst(ops.GET, (), I32, ("r0",))
                push = Inst(ops.PUSH, (get,), None, ("from-Goto",))
                block.insts[at + 1 : at + 1] = [get, push]


@attrs.frozen
class Loads:
    """Loads from where an instruction loads a second time."""

    def run(self, block: Block) -> None:
        for at in reversed(range(len(block.insts))):
            inst = block.insts[at]
            if inst.op is ops.LOAD and inst.when is None:
                block.insts.insert(at, Inst(ops.LOAD, inst.args, inst.type))


@attrs.frozen
class Across:
    """Uses at the exit what it has read at the front."""

    def run(self, block: Block) -> None:
        get = Inst(ops.GET, (), I32, ("r4",))
        block.insts.insert(0, get)
        Builder(block.insts).push("from-Goto", get)


@attrs.frozen
class Replaces:
    """Gives the guest's own ops other operands than they had."""

    def run(self, block: Block) -> None:
        for inst in block.insts:
            inst.args = (*inst.args[:1], *inst.args[1:])


@attrs.frozen
class Many:
    """Adds more names than an addition may have."""

    def run(self, block: Block) -> None:
        block.insts[:0] = [Inst(ops.COUNT, (), None, (f"c{number}",)) for number in range(140)]


@pytest.mark.parametrize("class_", [BehindStores, Loads, Across, Replaces, Many])
def test_what_cannot_be_copied_is_compiled(class_: type[Pass], capfd: Capture) -> None:
    found, expected = (outcome("unaligned", [class_()], capfd, tier) for tier in ("0", "2"))
    assert found == expected
    assert found.backend["compiled_blocks"] > 0


def test_what_was_made_for_one_pass_serves_another(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither names nor numbers are part of what is kept."""

    class Named:
        def __init__(self, name: str) -> None:
            self._name = name

        def run(self, block: Block) -> None:
            block.insts.insert(0, Inst(ops.COUNT, (), None, (self._name,)))

    def make_nothing(*_: object) -> int:
        raise AssertionError

    first = outcome("setjmp", [Named("a")], capfd, "0")
    monkeypatch.setattr(Maker, "shape_with", make_nothing)
    second = outcome("setjmp", [Named("b")], capfd, "0")
    assert second.counters == {"b": first.counters["a"]}
    assert second.backend["compiled_blocks"] == 0


def test_a_pass_that_breaks_the_rules_is_named(capfd: Capture) -> None:
    @attrs.frozen
    class Lawless:
        def run(self, block: Block) -> None:
            late = Inst(ops.GET, (), I32, ("r0",))
            block.insts.insert(0, Inst(ops.SET, (late,), None, ("r0",)))

    with pytest.raises(VerifyError, match=r"^Lawless: "):
        outcome("swi_kinds", [Lawless()], capfd, "0")


@attrs.frozen
class Stops:
    """Ends the run at a pc."""

    pc: int

    def run(self, block: Block) -> None:
        for at in reversed(range(len(block.insts))):
            inst = block.insts[at]
            if inst.op is ops.INSN and inst.imm[0] == self.pc:
                added: list[Inst] = []
                emit = Builder(added)
                emit.count("seen")
                emit.trap_if(emit.eq(emit.get("r0"), 3), "three")
                block.insts[at + 1 : at + 1] = added


def test_traps_are_the_same() -> None:
    found = []
    for tier in TIERS:
        with fib(tier) as guest:
            pc = guest.resolve("fib")
        with fib(tier, Stops(pc)) as guest:
            stop = guest.run()
            found.append((stop, guest.counters["seen"], guest.stats()["instructions"]))
    assert isinstance(found[0][0], Trapped)
    assert found[0] == found[1] == found[2]


def fib(tier: str, *passes: Pass) -> Process:
    options = BackendOptions(tier=tier, hot=20, background=False)
    return Process(str(BENCHMARKS / "fib.elf"), ["9"], env={}, options=options, passes=passes)


def test_hooks_beside_them() -> None:
    """Stubs, and marks of calls, which are ``Selective``: they run on whole blocks, too."""
    found = []
    for tier in TIERS:
        events: list[tuple[str, int]] = []
        with fib(tier, *several()) as guest:
            hooks = guest.hooks
            hooks.on_call("fib", lambda event, to=events: to.append(("call", event.insns)))
            hooks.on_return("fib", lambda event, to=events: to.append(("return", event.insns)))
            assert guest.run() == Exited(0)
            found.append((events, guest.stats()["instructions"]))
    assert len(found[0][0]) > 100
    assert found[0] == found[1] == found[2]


def test_they_come_and_go_between_runs() -> None:
    with fib("0") as guest:
        guest.run(max_insns=200)
        remove = guest.hooks._machine.instrument(Whole(EachInsn()))
        guest.run(max_insns=200)
        assert sum(guest.counters.snapshot().values()) == 200
        remove()
        guest.run(max_insns=200)
        assert sum(guest.counters.snapshot().values()) == 200


@attrs.frozen
class Picky:
    """Fails with blocks that are not in a set."""

    known: frozenset[str]

    def run(self, block: Block) -> None:
        if str(block.key) not in self.known:
            raise ValueError(f"no block begins at {block.key}")


@pytest.mark.parametrize("tier", ["0", "1", "2", "auto"])
def test_what_a_pass_raises_for_a_block_is_raised_when_the_guest_gets_there(
    tier: str, capfd: Capture
) -> None:
    """Tiers 1 and 2 also translate blocks that are never reached."""
    counters = outcome("setjmp", [BlockCount()], capfd, "0").counters
    executed = frozenset(name.removeprefix("block:") for name, count in counters.items() if count)
    expected = outcome("setjmp", [], capfd, tier)
    found = outcome("setjmp", [Picky(executed)], capfd, tier)
    assert (found.stop, found.output) == (expected.stop, expected.output)
    last = [*executed][-1]
    with pytest.raises(ValueError, match=f"no block begins at {last}"):
        outcome("setjmp", [Picky(executed - {last})], capfd, tier)
