"""The report on a guest that a signal has killed: reason, pc, instruction, registers."""

import signal
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from dbt.stops import GuestFault, Killed

if TYPE_CHECKING:
    from dbt.interfaces import CodeReader, Frontend

_MOST_NAMES = 12


class Reported(Protocol):
    """The part of ``Process`` that a report reads."""

    @property
    def frontend(self) -> "Frontend": ...
    @property
    def memory(self) -> "CodeReader": ...
    def symbolize(self, pc: int) -> str: ...
    def registers(self) -> list[str]: ...


def crash_report(process: Reported, stop: Killed) -> str:
    """The report, as several lines."""
    pc = stop.pc
    lines = [f"guest killed by {_signal_name(stop.signal)} at {pc:#010x} ({process.symbolize(pc)})"]
    lines += [f"  {stop.why}"] if stop.why else []
    location = pc if stop.location is None else stop.location
    mode = process.frontend.key_of(location).mode
    try:
        lines.append(f"  {pc:#010x}: {process.frontend.disassemble(process.memory, pc, mode)}")
    except GuestFault:
        lines.append(f"  {pc:#010x}: not executable")
    return "\n".join([*lines, *process.registers()])


def shortcomings(names: Iterable[str]) -> str:
    """A line with the names of what a guest asked for and armdbt does not support; empty for no
    names."""
    known = list(names)
    shown = ", ".join(known[:_MOST_NAMES])
    more = f" and {len(known) - _MOST_NAMES} more" if len(known) > _MOST_NAMES else ""
    return f"armdbt: not supported, but asked for: {shown}{more}" if known else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
