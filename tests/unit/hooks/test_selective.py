"""Passes that leave most blocks as they are say so: what they deny they do not change."""

from types import SimpleNamespace
from typing import Any

import pytest

from dbt.hooks.follow.arrivals import ReportArrivals
from dbt.hooks.mechanisms.entry import MarkCalls
from dbt.hooks.mechanisms.jump import CheckJumps, RedirectJumps
from dbt.hooks.points.helpers import CallHelpers
from dbt.interfaces.passes import is_local, is_selective, sees_whole_blocks
from dbt.ir.block import (
    CONTINUED,
    Block,
    BlockKey,
    Branch,
    Call,
    Const,
    Exit,
    Goto,
    exit_targets,
)
from dbt.ir.types import I1

SITE = 0x8008


def calling_block(pc: int, link: int) -> Block:
    return Block(BlockKey(pc), [], Call(BlockKey(0x9000), link), size=link - pc)


def test_helpers_concern_the_blocks_that_begin_at_points() -> None:
    helpers: Any = SimpleNamespace(
        points=SimpleNamespace(pcs={0x8000}), name=lambda pc: f"hook.{pc:#x}"
    )
    pass_ = CallHelpers(helpers)
    for pc in (0x8000, 0x8004):
        block = calling_block(pc, pc + 8)
        pass_.run(block)
        assert bool(block.insts) == pass_.concerns(pc, pc + 8) == (pc == 0x8000)


@pytest.mark.parametrize("mode", [0, CONTINUED])
@pytest.mark.parametrize("pc", [0x9000, 0x9004])
def test_exits_are_redirected_as_links_are(pc: int, mode: int) -> None:
    pass_, target = RedirectJumps({0x9000: 0xFFFF2004}), BlockKey(pc, mode)
    exits: list[Exit] = [Goto(target), Call(target, 0x8004)]
    for exit_ in exits:
        block = Block(BlockKey(0x8000), [], exit_)
        pass_.run(block)
        assert exit_targets(block.exit) == (pass_.redirect(target),)
    block = Block(BlockKey(0x8000), [], Branch(Const(1, I1), target, BlockKey(0x8004)))
    pass_.run(block)
    assert exit_targets(block.exit) == (pass_.redirect(target), BlockKey(0x8004))
    assert (pass_.redirect(target) != target) == (pc == 0x9000 and not mode)


def test_the_passes_of_jump_see_no_whole_blocks() -> None:
    passes = CheckJumps(0xFFFE0000, 0xFFFF2000), RedirectJumps({})
    assert not any(map(sees_whole_blocks, passes))


def test_what_is_selective_is_not_local() -> None:
    points: Any = SimpleNamespace(points=SimpleNamespace(pcs={0x8000}))
    for pass_ in (CallHelpers(points), ReportArrivals("f", {0x8000}, 0)):
        assert is_selective(pass_)
        assert not is_local(pass_)


def test_marks_are_of_the_instruction_that_calls() -> None:
    assert is_local(MarkCalls("r13"))
    block = calling_block(0x8000, 0x8008)
    block.exit = Goto(BlockKey(0x8008))
    MarkCalls("r13").run(block)
    assert not block.insts
