"""The table of system calls: names to handlers, filled by the decorator ``@syscall``.

A handler takes the kernel and the arguments it needs, and returns the result::

    @syscall("pread64")
    def pread64(kernel: "Kernel", fd: int, buffer: int, count: int, offset: int) -> int: ...

Its arguments are the first ones of the call's row in ``typed/``, which says their widths and signs.
A handler reports failure by raising OSError, or lets a GuestFault through (EFAULT). A result may be
any int; it is cut to 32 bits.
"""

import inspect
from collections.abc import Callable
from typing import TypeVar

import attrs

from dbt.linux.typed import SIGNATURES
from dbt.linux.typed.model import Place, places

Handler = Callable[..., int]
_H = TypeVar("_H", bound=Handler)


@attrs.frozen
class Entry:
    """A system call: its handler, and where the handler's arguments are (``typed.model.read``),
    when the ABI aligns pairs of registers and when it does not."""

    name: str
    handler: Handler
    aligned: tuple[Place, ...]
    packed: tuple[Place, ...]


SYSCALLS: dict[str, Entry] = {}


def syscall(*names: str) -> Callable[[_H], _H]:
    """Register a handler under one or more Linux names. Raises ValueError for a name that is taken
    or has no row, and when the row has fewer arguments than the handler."""

    def register(handler: _H) -> _H:
        count = len(inspect.signature(handler).parameters) - 1
        for name in names:
            SYSCALLS[name] = _entry(name, handler, count)
        return handler

    return register


def _entry(name: str, handler: Handler, count: int) -> Entry:
    if name in SYSCALLS:
        raise ValueError(f"two handlers for the system call {name}")
    if name not in SIGNATURES:
        raise ValueError(f"the system call {name} has no row in dbt/linux/typed")
    parameters = SIGNATURES[name].parameters
    if len(parameters) < count:
        raise ValueError(f"the row of {name} has {len(parameters)} arguments, its handler {count}")
    taken = parameters[:count]
    return Entry(name, handler, places(taken, aligned=True), places(taken, aligned=False))
