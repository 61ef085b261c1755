"""What each thread has of the signal state (task_struct, in contrast to signal_struct)."""

from dbt.classes import attrs
from dbt.linux.state.altstack import AltStack
from dbt.linux.state.siginfo import SigInfo
from dbt.syscalls import TrapState


@attrs.define(eq=False)
class ThreadSignals:
    """The signals of one thread. ``pending`` are those that were sent to it alone."""

    altstack: AltStack
    mask: int = 0
    pending: list[SigInfo] = attrs.field(factory=list)
    saved_mask: int | None = None
    """The mask that comes back when the present call is over."""
    trap: TrapState = attrs.field(factory=TrapState)
    """The last processor exception."""
    fault: SigInfo | None = None
    """A signal that the thread's own instruction has brought, and that is delivered first."""
