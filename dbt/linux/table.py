"""The table of system calls: names to handlers, filled by the decorator ``@syscall``.

A handler takes the kernel and the arguments it needs, and returns the result::

    @syscall("pread64")
    def pread64(kernel: Kernel, fd: S32, buffer: int, count: int, offset: S64) -> int: ...

Arguments are unsigned 32-bit ints unless annotated ``S32`` (signed), ``U64`` or ``S64`` (a pair
of registers, aligned as the guest's ABI wants it), or ``WORDS64`` (signed, two arguments of their
own: low, high). A handler reports failure by raising OSError, or
lets a GuestFault through (EFAULT). A result may be any int; it is cut to 32 bits.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import attrs

S32 = Annotated[int, "s32"]
U64 = Annotated[int, "u64"]
S64 = Annotated[int, "s64"]
WORDS64 = Annotated[int, "words64"]

Handler = Callable[..., int]
_H = TypeVar("_H", bound=Handler)
_KINDS: dict[Any, str] = {S32: "s32", U64: "u64", S64: "s64", WORDS64: "words64"}


@attrs.frozen
class Entry:
    """A system call: its handler and the kinds of its arguments (``u32 s32 u64 s64 words64``)."""

    name: str
    handler: Handler
    kinds: tuple[str, ...]

    def arguments(self, registers: Sequence[int], *, aligned: bool) -> list[int]:
        """Arguments as the handler wants them, from the argument registers."""
        out = []
        at = 0
        for kind in self.kinds:
            if kind.endswith("64"):
                at += at & 1 if aligned and kind != "words64" else 0
                value = registers[at] | registers[at + 1] << 32
                at += 2
                out.append(value - (1 << 64) if kind != "u64" and value >> 63 else value)
            else:
                value = registers[at]
                at += 1
                out.append(value - (1 << 32) if kind == "s32" and value >> 31 else value)
        return out


SYSCALLS: dict[str, Entry] = {}


def syscall(*names: str) -> Callable[[_H], _H]:
    """Register a handler under one or more Linux names. A name may be taken only once."""

    def register(handler: _H) -> _H:
        parameters = list(inspect.signature(handler).parameters.values())[1:]
        kinds = tuple(_KINDS.get(parameter.annotation, "u32") for parameter in parameters)
        for name in names:
            if name in SYSCALLS:
                raise ValueError(f"two handlers for the system call {name}")
            SYSCALLS[name] = Entry(name, handler, kinds)
        return handler

    return register
