"""No pass changes what a block does: the evaluator sees the same before and after."""

import copy

import pytest
from hypothesis import given, settings
from support import strategies
from support.rig import DATA, LAYOUT, rigged
from support.rotation import FULL

from backends.reference import ReferenceBackend
from dbt.interfaces import Pass
from dbt.ir.block import Block
from dbt.ir.parser import parse_block
from dbt.ir.printer import print_block
from dbt.ir.verifier import verify
from dbt.passes.pipeline import DEFAULT, Pipeline
from dbt.passes.registry import name_of

PASSES: list[Pass] = [pass_() for pass_ in DEFAULT]


def _outcome(block: Block, state: dict[str, int]) -> object:
    with rigged(ReferenceBackend()) as machine:
        machine.state.restore(state)
        machine.memory.poke(DATA, bytes(range(256)) * 32)
        machine.install(block)
        event = machine.executor.run(block.key)
        return event, machine.snapshot()


def _check(block: Block, state: dict[str, int], pass_: Pass | Pipeline) -> None:
    before = print_block(block)
    expected = _outcome(parse_block(before), state)
    pass_.run(block)
    verify(block, LAYOUT)
    assert _outcome(block, state) == expected, f"{before}became\n{print_block(block)}"


@pytest.mark.parametrize("pass_", PASSES, ids=name_of)
def test_pass_preserves_meaning(pass_: Pass) -> None:
    @settings(max_examples=60 if FULL else 30)
    @given(strategies.blocks(max_ops=30), strategies.states())
    def check(block: Block, state: dict[str, int]) -> None:
        _check(block, state, pass_)

    check()


@given(strategies.blocks(max_ops=40), strategies.states())
def test_pipeline_preserves_meaning(block: Block, state: dict[str, int]) -> None:
    _check(block, state, Pipeline.default())


@given(strategies.blocks(max_ops=30))
def test_passes_keep_the_marks_and_the_count(block: Block) -> None:
    marks = [copy.copy(inst.imm) for inst in block.insts if inst.op.name == "insn"]
    count = block.insn_count
    Pipeline.default().run(block)
    assert [inst.imm for inst in block.insts if inst.op.name == "insn"] == marks
    assert block.insn_count == count
