"""Hooks on blocks and instructions, callbacks at accesses and blocks: exact in all tiers, at all
prices, also where accesses are refused."""

from functools import cache
from typing import Any

import pytest
from support.guests import guest

import dbt
from dbt.hooks import BlockEvent, Callback, InstructionEvent, StopRequested
from dbt.interfaces import BackendOptions
from dbt.stops import Exited, UsageError

pytestmark = pytest.mark.rotates("tier", "price", "checks")
WATCHED = str(guest("watched"))
BORDER = 0x40001000


def accessed(cells: Any, address: int, size: int, value: int, writes: int) -> None:
    if writes == 1:
        cells[0] += 1
    if address > 0x40000FFB:
        cells[1] += 1
    if size == 8:
        cells[2] += 1
    if value > 1000:
        cells[3] += 1


def short(cells: Any) -> None:
    cells[0] += 1


def entered(cells: Any, size: int) -> None:
    cells[0] += 1
    if size > 8:
        cells[1] += 1


def counted(price: str, **settings: Any) -> tuple[list[list[int]], bytes | None]:
    callbacks = [
        Callback(accessed, cells=4, at="reads+writes", price=price),
        Callback(short, at="writes", price=price, when="address >= 0x40000000 and size < 4"),
        Callback(entered, cells=2, at="blocks", price=price),
    ]
    with dbt.Process(WATCHED, env={}, stdout=dbt.CAPTURE, passes=callbacks, **settings) as process:
        assert process.run() == Exited(0)
        return [callback.values for callback in callbacks], process.stdout


@cache
def expected() -> tuple[list[list[int]], bytes | None]:
    return counted("python", backend="reference")


@pytest.mark.parametrize("price", ["inline", "numba-linked", "numba-pointer", "python"])
@pytest.mark.parametrize("checks", ["mmu", "explicit"])
def test_callbacks_count_alike(tier: str, price: str, checks: str) -> None:
    options = BackendOptions(tier=tier, hot=2, background=False, memory_checks=checks)
    assert counted(price, options=options) == expected()


def run(tier: str, *, watched: bool, limit: int | None) -> list[list[tuple[int, ...]]]:
    blocks: list[tuple[int, ...]] = []
    insns: list[tuple[int, ...]] = []

    def block(event: BlockEvent) -> None:
        blocks.append((event.pc, event.size, event.insns))

    def insn(event: InstructionEvent) -> None:
        insns.append((event.pc, event.size, event.insns))
        assert event.symbol.startswith("around")

    reference = tier == "reference"
    options = BackendOptions(tier="0" if reference else tier, hot=2, background=False)
    backend = "reference" if reference else "numba_jit"
    with dbt.Process(
        WATCHED, env={}, stdout=dbt.CAPTURE, options=options, backend=backend
    ) as process:
        process.hooks.on_block(None, block)
        process.hooks.on_instruction("around", insn)
        if watched:
            process.hooks.on_memory(range(BORDER, BORDER + 1), len, when="size > 99")
        while not isinstance(process.run(max_insns=limit), Exited):
            pass
    return [blocks, insns]


@cache
def events() -> list[list[tuple[int, ...]]]:
    return run("reference", watched=False, limit=None)


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("limit", [None, 41])
def test_blocks_and_instructions_come_once(tier: str, watched: bool, limit: int | None) -> None:
    found = run(tier, watched=watched, limit=limit)
    assert found[1] == events()[1]
    if limit is None:
        assert found[0] == events()[0]


def test_a_condition_and_a_stop(tier: str) -> None:
    seen: list[int] = []

    def stop(event: InstructionEvent) -> None:
        seen.append(event.insns)
        raise StopRequested

    options = BackendOptions(tier=tier, hot=2, background=False)
    with dbt.Process(WATCHED, env={}, stdout=dbt.CAPTURE, options=options) as process:
        remove = process.hooks.on_instruction("around", stop, when="pc == 0")
        assert process.run(max_insns=100_000) == Exited(0)
        remove()
    with dbt.Process(WATCHED, env={}, stdout=dbt.CAPTURE, options=options) as process:
        process.hooks.on_instruction(process.resolve("around"), stop)
        while not isinstance(process.run(), Exited):
            assert len(seen) < 10
    first = min(pc for pc, _, _ in events()[1])
    assert seen == [insns for pc, _, insns in events()[1] if pc == first]


def test_what_is_no_code_is_refused() -> None:
    with dbt.Process(WATCHED, env={}) as process:
        with pytest.raises(UsageError, match="no symbol 'nothing'"):
            process.hooks.on_block("nothing", print)
        with pytest.raises(UsageError, match="is no range of guest addresses"):
            process.hooks.on_instruction(range(4, 0), print)
        with pytest.raises(UsageError, match="only hooks on functions know depth"):
            process.hooks.on_block(None, print, when="depth > 1")
    with pytest.raises(UsageError, match="no value 'link'"):
        Callback(lambda cells, link: None, at="writes")
