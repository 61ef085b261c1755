"""``-strace``: one line a system call and a signal, in the format of ``qemu-arm -strace``.

    4711 openat(AT_FDCWD,"/etc/passwd",O_RDONLY|O_CLOEXEC) = -1 errno=2 (No such file or directory)
    --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER, si_pid=4711, si_uid=0} ---

qemu-arm writes the call before it runs and the result behind it; here the whole line is written at
once when the call has returned, so that the lines of several processes do not mix. A call that does
not return (exit, an execve that succeeds) is a line without a result.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dbt.linux.typed import qemu, quirks
from dbt.linux.typed.decode import ESIGRETURN, error_text
from dbt.linux.typed.flags import signal_text
from dbt.text import printable

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel
    from dbt.linux.state.siginfo import SigInfo
    from dbt.syscalls import Request

_SIGRETURNS = {"sigreturn", "rt_sigreturn"}


class Strace:
    """Writes the lines through ``kernel.log_strace``."""

    def __init__(self, kernel: "Kernel") -> None:
        self._kernel = kernel
        self._name = ""
        self._head = ""
        self._registers: Sequence[int] = ()
        self._convention: dict[str, Any] = {}
        self._skipped = False

    def before(self, request: "Request", registers: Sequence[int], *, skipped: bool) -> None:
        """Note the call and its arguments, as they are before it runs. ``skipped``: a hook gave
        the result, the call itself does not run."""
        self._name, self._registers, self._skipped = request.name, tuple(registers), skipped
        self._convention = {"aligned": request.aligned, "variant": request.variant}
        head = qemu.head(self._kernel.decoder, request.name, self._registers, **self._convention)
        self._head = printable(head)

    def after(self, result: int) -> None:
        """Write the line of a call that returned. -512 for one that is to run again."""
        shown = qemu.tail(
            self._kernel.decoder, self._name, self._registers, result, **self._convention
        )
        self._write(f"{self._head} = {printable(shown)}{' (INJECTED)' if self._skipped else ''}")

    def left(self) -> None:
        """Write the line of a call that does not return."""
        back = f" = {error_text(-ESIGRETURN)}" if self._name in _SIGRETURNS else ""
        self._write(self._head + back)

    def taken(self, info: "SigInfo") -> None:
        """Write the line of a signal that is about to be handled, or to kill."""
        name = signal_text(info.signal)
        self._kernel.log_strace(f"--- {name} {quirks.signal_info(info)} ---")

    def _write(self, text: str) -> None:
        self._kernel.log_strace(f"{os.getpid()} {text}")
