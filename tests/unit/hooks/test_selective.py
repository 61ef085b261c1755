"""Passes that leave most blocks as they are say so: what they deny they do not change."""

from types import SimpleNamespace
from typing import Any

import pytest

from dbt.hooks.mechanisms.entry import MarkCalls
from dbt.hooks.points.helpers import CallHelpers
from dbt.interfaces.passes import is_local, is_selective
from dbt.ir.block import Block, BlockKey, Call
from dbt.ir.printer import print_block

SITE = 0x8008


def calling_block(pc: int, link: int) -> Block:
    return Block(BlockKey(pc), [], Call(BlockKey(0x9000), link), size=link - pc)


def marks() -> MarkCalls:
    return MarkCalls({SITE}, "r13", BlockKey)


@pytest.mark.parametrize("link", [SITE, SITE + 4, SITE - 4])
def test_marks_concern_the_blocks_that_they_change(link: int) -> None:
    block = calling_block(0x8000, link)
    before = print_block(block)
    marks().run(block)
    changed = print_block(block) != before
    assert changed == marks().concerns(0x8000, link) == (link == SITE)


def test_helpers_concern_the_blocks_that_begin_at_points() -> None:
    helpers: Any = SimpleNamespace(
        points=SimpleNamespace(pcs={0x8000}), name=lambda pc: f"hook.{pc:#x}"
    )
    pass_ = CallHelpers(helpers)
    for pc in (0x8000, 0x8004):
        block = calling_block(pc, pc + 8)
        pass_.run(block)
        assert bool(block.insts) == pass_.concerns(pc, pc + 8) == (pc == 0x8000)


def test_what_is_selective_is_not_local() -> None:
    assert is_selective(marks())
    assert not is_local(marks())
