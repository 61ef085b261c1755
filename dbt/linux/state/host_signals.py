"""The signal handlers and the mask that the host's process has while a guest runs in it."""

import os
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from dbt.linux import host
from dbt.linux.state import wakeup
from dbt.linux.state.siginfo import SigInfo
from dbt.signals import signal
from dbt.typing import Any

Handler = Callable[[int, FrameType | None], None]

_EVERY = (1 << 64) - 1
_QUEUE = {"x86_64": 297, "aarch64": 240, "riscv64": 240}
"""The host's numbers of rt_tgsigqueueinfo."""
_SIGINFO = struct.Struct("=iii4xIIQ96x")


class HostSignals:
    """Installs the guest's handlers and mask in the host's process, and puts the host's own back
    whenever the guest does not run. Masks are ints, bit n - 1 for signal n.

    ``note`` is the handler that records a signal for the guest. It handles the signal that
    interrupts a call again, too (``wakeup.py``).
    """

    def __init__(self, note: Handler) -> None:
        self._note = note
        self.wanted: dict[int, Any] = {}
        """What is installed while the guest runs."""
        self._before: dict[int, Any] = {}
        self._mask = 0
        self._mask_before: int | None = None
        self._wakeup: wakeup.Wakeup | None = None

    def noticed(self) -> None:
        """Have the signals so far interrupt no more. Their handlers have run when this returns."""
        if self._wakeup is not None:
            self._wakeup.drain()

    def forked(self) -> None:
        """In a forked child: drop the thread that interrupts, which is the parent's."""
        self._wakeup = None
        if any(callable(handler) for handler in self.wanted.values()):
            self._watch()

    def before(self, number: int) -> Any:
        """The host's own handler of a signal that ``install`` has replaced, else None."""
        return self._before.get(number)

    def install(self, number: int, handler: Any) -> bool:
        """Replace the handler of a signal. False where that cannot be: outside the main thread, and
        for signals that libc keeps for itself."""
        try:
            found = signal.signal(number, handler)
        except (ValueError, OSError):
            return False
        self._before.setdefault(number, found)
        self.wanted[number] = handler
        if callable(handler):
            self._watch()
        return True

    def _watch(self) -> None:
        """Have signals that come too early interrupt the main thread again."""
        if self._wakeup is None and (found := wakeup.here()) is not None:
            self._wakeup = found
            found.attach()
            if wakeup.SIGNAL not in self.wanted:
                self.install(wakeup.SIGNAL, self._note)

    @property
    def mask(self) -> int:
        """The signals that the host blocks for the guest."""
        return self._mask

    def take(self, mask: int) -> list[signal.struct_siginfo]:
        """Remove signals, which are blocked, from what is pending on the host."""
        return _take(_members(mask)) if mask else []

    def queue(self, info: SigInfo) -> bool:
        """Send a signal to this thread of the host. False where that cannot be."""
        number = _QUEUE.get(os.uname().machine)
        if number is None:
            return False
        who = info.pid & 0xFFFFFFFF, info.uid & 0xFFFFFFFF
        data = _SIGINFO.pack(info.signal, info.errno, info.code, *who, info.value & 0xFFFFFFFF)
        try:
            host.call("syscall", number, os.getpid(), threading.get_native_id(), info.signal, data)
        except OSError:  # as many are pending as there may be
            return False
        return True

    def set_mask(self, mask: int) -> None:
        """Block exactly these signals in this thread. SIGBUS and SIGSEGV stay open: while they
        are blocked, a page that the host does not give ends the process
        (``backends/native/guard.py``)."""
        mask &= ~(1 << (signal.SIGBUS - 1) | 1 << (signal.SIGSEGV - 1))
        if mask == self._mask:
            return
        before = host.set_signal_mask(mask)
        self._mask = mask
        if self._mask_before is None:
            self._mask_before = before

    def release(self) -> list[signal.struct_siginfo]:
        """Put the host's handlers and mask back. Returns the signals that had come for the guest
        and were blocked: the host must not get them."""
        if not self._before and self._mask_before is None:
            return []
        # Nothing may arrive between a handler's change and the look at what is pending.
        own = host.set_signal_mask(_EVERY)
        before = own if self._mask_before is None else self._mask_before
        try:
            return self._give_back((set(self._before) | _members(self._mask)) - _members(before))
        finally:  # also when a handler raises, such as the host's for SIGINT
            self._mask_before = None
            host.set_signal_mask(before)

    def _give_back(self, guests: set[int]) -> list[signal.struct_siginfo]:
        """Restore the handlers while all signals are blocked. Pending signals are taken first: the
        kernel might give them to another thread. If a handler raises, the next ``release`` does the
        rest."""
        caught = _take(guests)
        for number, handler in list(self._before.items()):
            with suppress(ValueError):  # in another thread; the main thread has restored them
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)
            del self._before[number]
        caught += _take(guests)
        if self._wakeup is not None:
            with suppress(ValueError):
                self._wakeup.detach()
            self._wakeup = None
        return caught

    def resume(self) -> None:
        """Install again what ``release`` has removed."""
        for number, handler in list(self.wanted.items()):
            self.install(number, handler)
        mask, self._mask = self._mask, 0
        self.set_mask(mask)


def _members(mask: int) -> set[int]:
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}


def _take(numbers: set[int]) -> list[signal.struct_siginfo]:
    """Remove these signals, which are blocked, from what is pending."""
    found = []
    while ready := numbers & set(signal.sigpending()):
        info = signal.sigtimedwait(ready, 0)
        if info is None:  # another thread was faster
            break
        found.append(info)
    return found
