"""What a guest killed by a signal leaves behind: where, which instruction, registers."""

import signal
from typing import TYPE_CHECKING

from dbt.interfaces import FaultHit, HaltHit
from dbt.stops import GuestFault

if TYPE_CHECKING:
    from dbt.process import Process


def obituary(process: "Process", number: int, event: FaultHit | HaltHit | None = None) -> str:
    """The report on a guest that signal ``number`` killed, at ``event`` if that did it."""
    pc = event.pc if event is not None else process.state["pc"]
    lines = [f"guest killed by {_signal_name(number)} at {pc:#010x} ({process.symbolize(pc)})"]
    if isinstance(event, FaultHit):
        lines.append(f"  {event.access.value} of {event.address:#010x} is not allowed")
    elif event is not None:
        lines.append(f"  {event.reason}")
    try:
        mode = event.mode if isinstance(event, FaultHit) else 0
        lines.append(f"  {pc:#010x}: {process.frontend.disassemble(process.memory, pc, mode)}")
    except GuestFault:
        lines.append(f"  {pc:#010x}: not executable")
    return "\n".join([*lines, *process.registers()])


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
