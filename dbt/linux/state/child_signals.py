"""What the children of a process send it when they end or stop (do_notify_parent)."""

from dbt.linux.state.children import WCONTINUED, WEXITED, WSTOPPED, strangers_changed
from dbt.linux.state.sigaction import SA_NOCLDSTOP, SA_NOCLDWAIT, SIG_IGN, SIGCHLD, bit, valid
from dbt.linux.state.siginfo import SI_USER, SigInfo
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel


class ChildSignals:
    """Turns the host's SIGCHLD, which does not say what happened to which child, into the guest's
    signals."""

    def __init__(self, kernel: "Kernel") -> None:
        self._kernel = kernel
        self._reaped: SigInfo | None = None
        """The signal of the child that was waited for last: its SIGCHLD may come after it is
        gone."""

    def from_sigchld(self) -> list[SigInfo]:
        """The guest's signals behind a SIGCHLD of the host; none when the child is not the
        guest's."""
        children = self._kernel.process.children
        ended = self._ended()
        if ended:
            return [info for info in ended if valid(info.signal)]
        if self._reaped is not None:
            reaped, self._reaped = self._reaped, None
            return [reaped] if valid(reaped.signal) else []
        stopped = children.stopped(WSTOPPED | WCONTINUED)
        if stopped is not None:
            flags = self._kernel.signals.action(SIGCHLD).flags
            return [] if flags & SA_NOCLDSTOP else [stopped.info()]
        return [] if strangers_changed(children) else [SigInfo(SIGCHLD, SI_USER)]

    def _ended(self) -> list[SigInfo]:
        """The signals of children that ended since the last call. Such children are reaped if
        nobody is to wait for them."""
        children = self._kernel.process.children
        found = []
        for child, change in children.ended():
            found.append(change.info(child.exit_signal))
            if self.are_reaped() and child.exit_signal == SIGCHLD:
                children.take(child, WEXITED)
        return found

    def are_reaped(self) -> bool:
        """Whether children end without being waited for."""
        action = self._kernel.signals.action(SIGCHLD)
        return action.handler == SIG_IGN or bool(action.flags & SA_NOCLDWAIT)

    def was_reaped(self, info: SigInfo) -> None:
        """A child was waited for before its SIGCHLD arrived here: keep what that SIGCHLD stands
        for."""
        signals = self._kernel.signals
        if not signals.ignores(info.signal) or signals.mask & bit(info.signal):
            self._reaped = info

    def reap_ignored(self) -> None:
        """Reap the children that nobody is to wait for."""
        for info in self._ended() if self.are_reaped() else ():
            self._reaped = info
