"""The report on a guest that a signal has killed: reason, pc, instruction, registers."""

import signal
from collections.abc import Callable, Iterable

from dbt.interfaces import CodeReader, Frontend, State
from dbt.process.inspection import registers
from dbt.stops import GuestFault, Killed

_MOST_NAMES = 12


def crash_report(
    frontend: Frontend,
    memory: CodeReader,
    state: State,
    symbolize: Callable[[int], str],
    stop: Killed,
) -> str:
    """The report, as several lines. ``state`` and ``memory`` are as the guest left them."""
    pc = stop.pc
    lines = [f"guest killed by {_signal_name(stop.signal)} at {pc:#010x} ({symbolize(pc)})"]
    lines += [f"  {stop.why}"] if stop.why else []
    location = pc if stop.location is None else stop.location
    mode = frontend.in_state(frontend.key_of(location), state).mode
    try:
        lines.append(f"  {pc:#010x}: {frontend.disassemble(memory, pc, mode)}")
    except GuestFault:
        lines.append(f"  {pc:#010x}: not executable")
    return "\n".join([*lines, *registers(frontend.layout, state)])


def shortcomings(names: Iterable[str]) -> str:
    """A line with the names of what a guest asked for and armdbt does not support or allow; empty
    for no names."""
    known = list(names)
    shown = ", ".join(known[:_MOST_NAMES])
    more = f" and {len(known) - _MOST_NAMES} more" if len(known) > _MOST_NAMES else ""
    return f"armdbt: not supported or not allowed, but asked for: {shown}{more}" if known else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
