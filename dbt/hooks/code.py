"""Hooks on blocks and on instructions: a pass calls Python in front of them.

Code outside of the range in question is copied as ever; blocks in it are compiled before they run,
and cost less than a microsecond more for each event.
"""

import itertools
from collections.abc import Callable

from dbt import choices
from dbt.environment import Environment
from dbt.hooks.callbacks.events import BlockEvent, InstructionEvent
from dbt.hooks.machine import HookMachine
from dbt.hooks.points import Remove
from dbt.hooks.points.code_reports import (
    ReportAllBlocks,
    ReportAllInstructions,
    ReportBlocks,
    ReportInstructions,
    ReportSomeBlocks,
    ReportSomeInstructions,
)
from dbt.hooks.points.conditions import Condition
from dbt.stops import UsageError
from dbt.typing import Any, TypeAlias

CodeEvent: TypeAlias = BlockEvent | InstructionEvent
BlockHook: TypeAlias = Callable[[BlockEvent], Any]
InstructionHook: TypeAlias = Callable[[InstructionEvent], Any]
_EVERYWHERE = range(1 << 32)


def code_at(
    where: range | int | str | None, environment: Environment, machine: HookMachine
) -> range:
    """The code that a user names: a range of addresses, a function, the instruction at an address,
    or None, all of it. Raises UsageError."""
    if where is None:
        return _EVERYWHERE
    if isinstance(where, range):
        if not where or where.step != 1 or where.start < 0 or where.stop > 1 << 32:
            raise UsageError(f"code {choices.shown(where)} is no range of guest addresses")
        return where
    location = machine.code(where)
    pc = machine.pc_of(location)
    if isinstance(where, int) or _is_number(where):
        return range(pc, pc + 1)
    found = environment.symbolizer.extent(where)
    if not found:
        raise UsageError(f"the size of {where} is not known: give a range of addresses")
    return range(pc, pc + len(found))


def _is_number(text: str) -> bool:
    try:
        int(text, 0)
    except ValueError:
        return False
    return True


class CodeHooks:
    """The hooks on blocks and instructions of a process."""

    def __init__(self, machine: HookMachine) -> None:
        self._machine = machine
        self._numbers = itertools.count()
        self._removers: list[Remove] = []

    def on_block(self, where: range, hook: BlockHook, condition: Condition | None) -> Remove:
        """Call ``hook`` before each block that begins in ``where``."""
        name = f"block-hook-{next(self._numbers)}"
        report = _Report(self._machine, hook, BlockEvent)
        kind = ReportAllBlocks if where == _EVERYWHERE else ReportSomeBlocks
        return self._add(name, report, kind(name, where, condition))

    def on_instruction(
        self, where: range, hook: InstructionHook, condition: Condition | None
    ) -> Remove:
        """Call ``hook`` before each instruction in ``where``."""
        name = f"instruction-hook-{next(self._numbers)}"
        report = _Report(self._machine, hook, InstructionEvent)
        kind = ReportAllInstructions if where == _EVERYWHERE else ReportSomeInstructions
        return self._add(name, report, kind(name, where, condition))

    def __len__(self) -> int:
        """How many there are."""
        return len(self._removers)

    def clear(self) -> None:
        """Remove all."""
        for remove in list(self._removers):
            remove()

    def _add(
        self, name: str, report: "_Report", pass_: ReportBlocks | ReportInstructions
    ) -> Remove:
        self._machine.functions.define(name, report.arrived)
        remove = self._machine.instrument(pass_)

        def undo() -> None:
            if not report.is_over:
                report.is_over = True
                self._removers.remove(undo)
                remove()

        self._removers.append(undo)
        return undo


class _Report:
    """Makes the events of one hook."""

    def __init__(
        self, machine: HookMachine, hook: Callable[[Any], Any], kind: type[BlockEvent]
    ) -> None:
        self._machine, self._hook, self._kind = machine, hook, kind
        self._last: tuple[int, int, int] | None = None
        """Restores, instructions and pc of the last event. An instruction that was begun and is
        executed by the evaluator after all comes at the same moment, and is no other event."""
        self.is_over = False
        """The hook was removed; code may still call this."""

    def arrived(self, _: int, pc: int, size: int, left: int) -> None:
        """Control is at ``pc``."""
        insns, thread = self._machine.moment()
        moment = (self._machine.restores, insns - left, pc)
        if self.is_over or moment == self._last:
            return
        self._last = moment
        self._hook(self._kind(self._machine, pc, size, insns - left, thread))
