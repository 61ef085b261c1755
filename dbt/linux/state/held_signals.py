"""Signals that wait for a debugger to decide about them (ptrace_signal in kernel/signal.c)."""

from collections.abc import Callable

from dbt.linux.state.siginfo import SigInfo


class HeldSignals:
    """Holds each signal back when it is to be delivered. ``pause`` is called then: it has the guest
    execute no further instruction.

    A signal is held while its thread runs, and stays pending. Once a decision about it was made, it
    is delivered, or dropped, before the thread executes its next instruction.
    """

    def __init__(self, pause: Callable[[], None]) -> None:
        self._pause = pause
        self.passing: frozenset[int] = frozenset()
        """Signals that are not held."""
        self.held: SigInfo | None = None
        self.interrupted: int | None = None
        """The location behind a system call that the signal has interrupted, and that is begun
        again if it is dropped. If it is delivered, the call has ended there with EINTR."""
        self._decided: list[SigInfo] = []
        """Those that may be delivered now, by identity."""

    def will_hold(self, info: SigInfo) -> bool:
        """What ``holds`` will return."""
        decided = any(info is other for other in self._decided)
        return info.signal not in self.passing and not decided

    def holds(self, info: SigInfo) -> bool:
        """Whether a signal must not be delivered yet."""
        if not self.will_hold(info):
            self._decided = [other for other in self._decided if other is not info]
            return False
        if self.held is None:
            self.held = info
        self._pause()
        return True

    def let_pass(self, info: SigInfo) -> None:
        """Have a signal delivered when its thread runs."""
        self._decided.append(info)
