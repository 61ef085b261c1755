"""What ``dbt.linux`` asks of a guest: everything that is both Linux and one architecture.

A frontend hands this out as ``Frontend.syscall_abi()``. The system calls themselves, in this
package, know no register and no architecture.
"""

from collections.abc import Collection
from typing import Protocol

import attrs

from dbt.interfaces import Memory, State
from dbt.linux.siginfo import SigInfo


@attrs.frozen
class Request:
    """One system call as the guest asks for it.

    ``aligned``: 64-bit arguments start at an even argument register (ARM EABI; not OABI).
    ``wide_flags`` names what differs in structures of an older call convention, e.g. ``oabi``.
    """

    number: int
    name: str
    aligned: bool = True
    variant: str = ""


@attrs.frozen
class Frame:
    """What a signal frame keeps: the blocked signals before the handler ran."""

    mask: int
    altstack: tuple[int, int, int] | None = None


@attrs.frozen
class Delivery:
    """A signal about to be delivered to a handler of the guest."""

    signal: int
    handler: int
    flags: int
    restorer: int
    mask: int  # blocked signals to restore on return
    info: SigInfo
    stack_top: int | None  # top of the alternate stack when the handler runs there
    altstack: tuple[int, int, int]  # sp, flags, size as the ucontext shows it
    fault_address: int = 0
    trap_number: int = 0
    error_code: int = 0


class SyscallAbi(Protocol):
    """The Linux face of one architecture."""

    machine: str
    """``uname -m``."""
    platform: str
    """AT_PLATFORM."""
    hwcap: int
    hwcap2: int
    elf_machine: int
    """e_machine that may be loaded (32-bit little-endian)."""
    libraries: Collection[str]
    """Default directories of shared libraries below the root, for symbolizing only."""

    def decode(self, immediate: int, state: State) -> Request | None:
        """Which call a trap instruction with this immediate asks for. None: an illegal one, the
        guest gets SIGILL."""

    def arguments(self, state: State) -> tuple[int, ...]:
        """The argument registers, unsigned, in order (at least six)."""

    def result(self, state: State) -> int: ...
    def set_result(self, state: State, value: int) -> None:
        """Write the result register (value is taken modulo 2**32)."""

    def restore_arguments(self, state: State, saved: tuple[int, ...]) -> None:
        """Undo the result before a call is restarted."""

    def restart_location(self, location: int) -> int:
        """Where to go on so that the trap instruction before ``location`` runs again."""

    def stack_pointer(self, state: State) -> int: ...
    def set_stack_pointer(self, state: State, value: int) -> None: ...
    def set_thread_pointer(self, state: State, value: int) -> None: ...
    def start(self, state: State, entry: int, stack: int) -> int:
        """Clear the registers as exec does; the location to start at."""

    def commpage(self) -> tuple[int, bytes]:
        """Address and content of the page of helper code that the kernel shows to programs."""

    def push_frame(self, state: State, memory: Memory, location: int, delivery: Delivery) -> int:
        """Build a signal frame on the guest's stack; the location of the handler. Raises
        GuestFault when the stack cannot take it (nothing is changed then)."""

    def pop_frame(self, state: State, memory: Memory, *, realtime: bool) -> tuple[int, Frame]:
        """Undo ``push_frame`` for sigreturn: the location to go on at and what the frame kept.
        Raises GuestFault for a frame that cannot be read."""
