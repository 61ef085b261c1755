"""The stack on which handlers with SA_ONSTACK run (sigaltstack, kernel/signal.c)."""

import errno
from collections.abc import Callable

from dbt.linux.errors import failure

SS_ONSTACK, SS_DISABLE = 1, 2
MINSIGSTKSZ = 2048

Stack = tuple[int, int, int]
"""A stack_t: lowest address, flags, size."""


class AltStack:
    """The alternate stack of one process. ``pointer`` gives the guest's stack pointer."""

    def __init__(self, pointer: Callable[[], int]) -> None:
        self._pointer = pointer
        self._start = self._size = 0

    @property
    def is_used(self) -> bool:
        """Whether the stack pointer is within it."""
        return self._start < self._pointer() <= self._start + self._size

    def get(self) -> Stack:
        """As the guest sees it now."""
        if not self._size:
            return 0, SS_DISABLE, 0
        return self._start, SS_ONSTACK if self.is_used else 0, self._size

    def set(self, stack: Stack) -> None:
        """Change it. EPERM, EINVAL, ENOMEM."""
        start, flags, size = stack
        if self.is_used:
            raise failure(errno.EPERM)
        if flags not in (0, SS_ONSTACK, SS_DISABLE):
            raise failure(errno.EINVAL)
        if flags == SS_DISABLE:
            self.reset()
        elif size < MINSIGSTKSZ:
            raise failure(errno.ENOMEM)
        else:
            self._start, self._size = start, size

    def reset(self) -> None:
        """Forget the alternate stack."""
        self._start = self._size = 0

    def top(self) -> int | None:
        """Where a handler's frame is to begin; None when there is none, or it is in use."""
        return self._start + self._size if self._size and not self.is_used else None
