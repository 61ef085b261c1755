"""Names of counters in stencils, and how samples of passes' code are made."""

from typing import ClassVar

import attrs
import pytest

from backends.numba_jit.stencils import abi
from backends.numba_jit.stencils.copier import is_kept, places_of
from backends.numba_jit.stencils.instrumented import Instrumented, contents
from backends.numba_jit.stencils.names import Name
from backends.numba_jit.stencils.template import Unfit, make_template
from dbt.instrument.block_count import BlockCount
from dbt.instrument.coverage import Coverage
from dbt.instrument.edge_count import EdgeCount
from dbt.instrument.shadow_stack import ShadowStack
from dbt.interfaces import Local, Place
from dbt.ir.block import Block, BlockKey, Goto, Halt
from dbt.ir.builder import Builder
from dbt.ir.symbolic import BEFORE, HEAD, PC, WORD, Trace, parts
from frontends.arm import ArmFrontend

LEAVES = {WORD: 0xE0800001, PC: 0x8010, BEFORE: 0, HEAD: 0x8000}


def test_a_name_has_the_values_of_its_terms() -> None:
    name = Name("counters", ("edge:", (HEAD, "#x"), "->", (("add", PC, 4), "08x")))
    assert name.text(LEAVES) == "edge:0x8000->00008014"
    assert not name.constant


def test_a_name_without_numbers_is_constant() -> None:
    trace = Trace()
    assert Name("counters", parts(trace, "calls")).constant
    pc = trace.number(PC, 0x8010, 0xFFFFFFFF)
    assert Name("counters", parts(trace, f"{pc}")).text(LEAVES) == "32784"


@pytest.mark.parametrize("shown", [repr, str, format, lambda n: str([n])[1:-1]])
def test_a_number_is_found_however_it_is_shown(shown: object) -> None:
    trace = Trace()
    text = shown(trace.number(PC, 1, 9))  # type: ignore[operator]
    assert Name("counters", parts(trace, text)).text(LEAVES) == "32784"


@pytest.mark.parametrize("change", [str.upper, str.lower, str.swapcase, lambda t: t[5:]])
def test_a_text_that_was_changed_is_refused(change: object) -> None:
    trace = Trace()
    text = f"at {trace.number(PC, 1, 9):x}"
    with pytest.raises(ValueError, match="was changed"):
        parts(trace, change(text))  # type: ignore[operator]


def lifted(passes: list[Local], sample: tuple[int, int, int, int, int]) -> tuple[Trace, Block]:
    """A sample with passes, lifted from Numbers."""
    trace, frontend = Trace(), ArmFrontend()
    instrumented = Instrumented(frontend.lift_one, passes, frontend.layout)
    block, own, ends = instrumented.lift(
        sample, lambda leaf, value: trace.number(leaf, value, 0xFFFFFFFF)
    )
    assert instrumented.agrees(block, trace, sample)
    make_template(block, trace, own, ends=ends)
    return trace, block


def counters(passes: list[Local], sample: tuple[int, int, int, int, int]) -> list[object]:
    """The names of the counters of a sample, for its values."""
    trace, block = lifted(passes, sample)
    insts, *_ = contents(block, trace, sample)
    return [inst[-3] for inst in insts if inst[0].name == "count"]


def test_what_is_added_to_the_front_knows_the_size() -> None:
    sample = (12, 0x8000, 0, abi.HEAD_MODE, 0x8000)
    assert counters([BlockCount(), Coverage()], sample) == ["cover:0x8000+12", "block:0x8000"]


def test_what_is_added_to_the_end_knows_the_block() -> None:
    sample = (0, 0x8010, 0, abi.GO_MODE, 0x8000)
    assert counters([EdgeCount(), BlockCount()], sample) == ["edge:0x8000->0x8010"]


def test_an_instruction_that_ends_a_block_knows_the_block() -> None:
    branch = (0xEA000000, 0x8010, 0, 0, 0x8000)  # b 0x8018
    assert counters([EdgeCount()], branch) == ["edge:0x8000->0x8018"]


def test_the_places_of_passes() -> None:
    assert places_of([BlockCount(), EdgeCount()]) == abi.HEADS | abi.EXITS
    assert places_of([]) == 0


@attrs.frozen
class Stops:
    """Ends blocks that go on at the next."""

    place: ClassVar[Place] = "exit"

    def run(self, block: Block) -> None:
        """Change the exit."""
        if isinstance(block.exit, Goto):
            block.exit = Halt("stopped", 0)


def test_a_block_that_does_not_go_on_is_refused() -> None:
    with pytest.raises(Unfit):
        lifted([Stops()], (0, 0x8010, 0, abi.GO_MODE, 0x8000))


@attrs.frozen
class Reason:
    """Traps for a reason that has an address."""

    place: ClassVar[Place] = "head"

    def run(self, block: Block) -> None:
        """Trap at the end."""
        emit = Builder(block.insts)
        zero = emit.get("r0")
        emit.trap_if(emit.eq(zero, zero), f"at {block.key}")


def test_a_reason_is_no_name() -> None:
    with pytest.raises(Unfit, match="depends on the instruction"):
        lifted([Reason()], (12, 0x8000, 0, abi.HEAD_MODE, 0x8000))


@attrs.frozen
class Holding:
    """A pass with an option that Python shows by its address."""

    place: ClassVar[Place] = "head"
    what: object = attrs.field(factory=object)

    def run(self, block: Block) -> None:
        """Do nothing."""


def test_what_is_kept_is_of_our_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_kept(BlockCount())
    assert is_kept(ShadowStack(trap=False))
    assert not is_kept(Reason())
    assert not is_kept(Holding("text"))
    monkeypatch.setattr(Holding, "__module__", "dbt.instrument.holding")
    assert is_kept(Holding("text"))
    assert not is_kept(Holding())


def test_key_of_a_lone_instruction() -> None:
    """The rules of the IR are asked of an instruction that another block begins."""
    assert lifted([], (0xE0800001, 0x8010, 0, 0, 0x8000))[1].key == BlockKey(0x8010)
