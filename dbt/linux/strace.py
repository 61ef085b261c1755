"""``-strace``: one line a system call and a signal, in the format of ``qemu-arm -strace``.

    4711 openat(AT_FDCWD,"/etc/passwd",O_RDONLY|O_CLOEXEC) = -1 errno=2 (No such file or directory)
    --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER, si_pid=4711, si_uid=0} ---

qemu-arm writes the call before it runs and the result behind it; here the whole line is written at
once when the call has returned, so that the lines of several processes do not mix. A call that does
not return (exit, an execve that succeeds) is a line without a result.
"""

from typing import TYPE_CHECKING, Any

from dbt.classes import attrs
from dbt.linux.typed import qemu, quirks
from dbt.linux.typed.decode import ESIGRETURN, error_text
from dbt.linux.typed.flags import signal_text
from dbt.text import printable

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
    from dbt.linux.state.siginfo import SigInfo
    from dbt.linux.state.threads import Call

_SIGRETURNS = {"sigreturn", "rt_sigreturn"}


@attrs.frozen
class _Line:
    """The beginning of a call's line, the arguments it had, and how they are to be decoded.
    ``skipped``: a hook gave the result."""

    head: str
    registers: tuple[int, ...]
    convention: dict[str, Any]
    skipped: bool


class Strace:
    """Writes the lines through ``kernel.log_strace``."""

    def __init__(self, kernel: "Kernel") -> None:
        self._kernel = kernel
        self._lines: dict[int, _Line] = {}
        """What was noted of the call of each thread that is in one."""

    def before(self, call: "Call", *, skipped: bool) -> None:
        """Note the call and its arguments, as they are before it runs. ``skipped``: a hook gave
        the result, the call itself does not run."""
        request, registers = call.request, tuple(call.registers)
        convention = {"aligned": request.aligned, "variant": request.variant}
        head = qemu.head(self._kernel.decoder, request.name, registers, **convention)
        self._lines[id(call)] = _Line(printable(head), registers, convention, skipped)

    def after(self, call: "Call", result: int) -> None:
        """Write the line of a call that returned. -512 for one that is to run again."""
        line, name = self._lines.pop(id(call)), call.request.name
        shown = qemu.tail(self._kernel.decoder, name, line.registers, result, **line.convention)
        self._write(f"{line.head} = {printable(shown)}{' (INJECTED)' if line.skipped else ''}")

    def left(self, call: "Call") -> None:
        """Write the line of a call that does not return."""
        name = call.request.name
        back = f" = {error_text(-ESIGRETURN)}" if name in _SIGRETURNS else ""
        self._write(self._lines.pop(id(call)).head + back)

    def taken(self, info: "SigInfo") -> None:
        """Write the line of a signal that is about to be handled, or to kill."""
        name = signal_text(info.signal)
        self._kernel.log_strace(f"--- {name} {quirks.signal_info(info)} ---")

    def _write(self, text: str) -> None:
        self._kernel.log_strace(f"{self._kernel.thread} {text}")
