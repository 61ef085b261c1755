"""The table of system calls: names to handlers, filled by the decorator ``@syscall``.

A handler takes the kernel and the arguments it needs, and returns the result::

    @syscall("pread64")
    def pread64(kernel: "Kernel", fd: int, buffer: int, count: int, offset: int) -> int: ...

Its arguments are the first ones of the call's row in ``typed/``, which says their widths and signs.
A handler reports failure by raising OSError, or lets a GuestFault through (EFAULT). A result may be
any int; it is cut to 32 bits.
"""

from collections.abc import Callable

from dbt.lazy import lazy_property
from dbt.linux.typed.model import Place, places
from dbt.linux.typed.rows import SIGNATURES
from dbt.typing import TypeVar

Handler = Callable[..., int]
_H = TypeVar("_H", bound=Handler)


class Entry:
    """A system call: its handler, which takes ``count`` arguments of its row."""

    def __init__(self, name: str, handler: Handler, count: int) -> None:
        self.name = name
        self.handler = handler
        self._count = count

    @lazy_property
    def aligned(self) -> tuple[Place, ...]:
        """Where the handler's arguments are (``typed.model.read``), when the ABI aligns pairs of
        registers."""
        return self._places(aligned=True)

    @lazy_property
    def packed(self) -> tuple[Place, ...]:
        """The same when it does not."""
        return self._places(aligned=False)

    def _places(self, *, aligned: bool) -> tuple[Place, ...]:
        return places(SIGNATURES[self.name].parameters[: self._count], aligned=aligned)


SYSCALLS: dict[str, Entry] = {}


def syscall(*names: str) -> Callable[[_H], _H]:
    """Register a handler under one or more Linux names. Raises ValueError for a name that is taken
    or has no row, and when the row has fewer arguments than the handler."""

    def register(handler: _H) -> _H:
        count = handler.__code__.co_argcount - 1
        for name in names:
            SYSCALLS[name] = _entry(name, handler, count)
        return handler

    return register


def _entry(name: str, handler: Handler, count: int) -> Entry:
    if name in SYSCALLS:
        raise ValueError(f"two handlers for the system call {name}")
    if name not in SIGNATURES:
        raise ValueError(f"the system call {name} has no row in dbt/linux/typed")
    arity = SIGNATURES.arity(name)
    if arity < count:
        raise ValueError(f"the row of {name} has {arity} arguments, its handler {count}")
    return Entry(name, handler, count)
