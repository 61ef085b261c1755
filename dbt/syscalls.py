"""What modules that serve no system calls need to know of them: the ABI, and a call in words.

``SyscallAbi`` is all that is both Linux and one architecture; ``Frontend.syscall_abi()`` returns
it. The system calls themselves (``dbt/linux``) know no register and no architecture.
``DecodedCall`` is what ``dbt/linux/typed`` makes of a name and registers, and what hooks are given.
"""

from collections.abc import Callable, Collection, Sequence

from dbt import choices
from dbt.classes import attrs
from dbt.interfaces import Memory, State
from dbt.ir.block import BlockKey
from dbt.stops import Access
from dbt.typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from dbt.interfaces.code import LinkedCode


@attrs.frozen
class Request:
    """One system call as the guest asks for it.

    ``arguments`` are the argument registers, unsigned. ``aligned``: 64-bit arguments start at an
    even one (ARM EABI, not OABI). ``variant`` says which layout structures have (``oabi`` or "").
    """

    number: int
    name: str
    arguments: tuple[int, ...] = ()
    aligned: bool = True
    variant: str = ""


@attrs.frozen
class IllegalTrap:
    """A trap instruction that is no system call: ``signal`` is sent with ``code``.

    ``error`` is the error code that signal frames show from then on, None when it stays what it
    was. ``location`` is where the frame says that the guest was; None is behind the trap.
    """

    signal: int
    code: int
    address: int
    error: int | None = None
    location: int | None = None
    why: str = attrs.field(default="", eq=False)


@attrs.frozen
class TrapState:
    """What the kernel keeps of a task's last processor exception and writes to each signal frame
    from then on (``struct thread_struct``)."""

    number: int = 0
    error: int = 0
    address: int = 0


@attrs.frozen
class CpuException:
    """The signal for an exception of the processor, and the trap state that is kept of it.

    ``why`` is the reason that a crash report gives.
    """

    signal: int
    code: int
    address: int
    trap: TrapState
    why: str


@attrs.frozen
class Delivery:
    """A signal about to be delivered to a handler of the guest."""

    signal: int
    handler: int
    restorer: int | None
    siginfo: bytes | None
    """The packed siginfo_t when the handler wants one (SA_SIGINFO), else None."""
    mask: int
    """Blocked signals (bit n - 1 for signal n) that sigreturn restores."""
    stack_top: int | None
    """Top of the alternate stack when the handler is to start there."""
    altstack: tuple[int, int, int]
    """Alternate stack as the ucontext shows it: ss_sp, ss_flags, ss_size."""
    trap: TrapState = TrapState()


@attrs.frozen
class Restored:
    """What sigreturn found in a frame. ``altstack`` is None in frames that keep none."""

    location: int
    mask: int
    altstack: tuple[int, int, int] | None


class SyscallAbi(Protocol):
    """What Linux does differently on each architecture (32-bit, little-endian)."""

    machine: str
    """``uname -m``."""
    platform: str
    """AT_PLATFORM."""
    hwcap: int
    hwcap2: int
    elf_machine: int
    """The e_machine that may be loaded."""
    task_size: int
    """All addresses of a program are below it (TASK_SIZE)."""
    mmap_min: int
    """The lowest address that a program may map (vm.mmap_min_addr)."""
    pie_base: int
    """Where position-independent programs are loaded (ELF_ET_DYN_BASE)."""
    segment_alignment: int
    """What addresses of System V segments are multiples of (SHMLBA)."""
    number_slot: str
    """The slot that holds the number of a call, unless the trap's immediate does."""
    names: Collection[str]
    """The names of all system calls."""

    def elf_objection(self, entry: int, flags: int) -> str:
        """Why a program with this e_entry and e_flags cannot be loaded (elf_check_arch), as words
        behind its path; empty when it can."""

    def immediate_number(self, immediate: int) -> int | None:
        """The number in a trap instruction's immediate; None when it is in ``number_slot``."""

    def number_of(self, name: str) -> int:
        """The number of a system call. Raises KeyError."""

    def name_of(self, number: int) -> str:
        """The name of a system call; of an unknown one, a name made of its number."""

    def key_of(self, location: int) -> BlockKey:
        """The block that a location names (``Frontend.key_of``)."""

    def location_of(self, key: BlockKey) -> int:
        """The location of a block (``Frontend.location_of``; generic mode bits are ignored)."""

    def decode(self, immediate: int, state: State, resume: int) -> Request | IllegalTrap:
        """The call that the trap instruction before location ``resume`` asks for."""

    def page_fault(self, access: Access, address: int, *, present: bool) -> TrapState:
        """The trap state that a forbidden access leaves. ``present``: the page is mapped and does
        not allow the access."""

    def unaligned(
        self, memory: Memory, location: int, address: int, last: TrapState
    ) -> CpuException:
        """What the instruction at ``location`` brings that accessed ``address``, which had to be
        aligned. ``last`` is what was remembered before."""

    def exception(
        self, reason: str, memory: Memory, location: int, last: TrapState
    ) -> CpuException:
        """The exception of an instruction at ``location`` that halted for ``reason``. ``last`` is
        the trap state before it."""

    def set_result(self, state: State, value: int) -> None:
        """Write the result register (value modulo 2**32)."""

    def restart(self, state: State, request: Request, resume: int) -> int:
        """Restore the registers so that the trap instruction before location ``resume`` can run
        again; returns its location."""

    def stack_pointer(self, state: State) -> int: ...
    def set_stack_pointer(self, state: State, value: int) -> None: ...
    def clear_monitor(self, state: State) -> None:
        """End what an exclusive load has begun: a thread begins with these registers."""

    def set_thread_pointer(self, state: State, value: int) -> None: ...
    def thread_pointer(self, state: State) -> int: ...
    def start(self, state: State, entry: int, stack: int) -> int:
        """Clear the registers as exec does; the location to start at."""

    def commpage(self) -> tuple[int, bytes]:
        """Address and content of the page of helper code that the kernel shows to programs."""

    def find_functions(self, code: "LinkedCode") -> Collection[int]:
        """The locations at which functions begin in code without symbols, the known ones among
        them."""

    def cpuinfo(self) -> bytes:
        """What /proc/cpuinfo says."""

    def push_frame(self, state: State, memory: Memory, location: int, delivery: Delivery) -> int:
        """Build a signal frame on the guest's stack; returns the location of the handler. Raises
        GuestFault, with nothing changed, when the frame cannot be written."""

    def pop_frame(self, state: State, memory: Memory, *, realtime: bool) -> Restored:
        """Undo ``push_frame`` for sigreturn. Raises GuestFault for a frame that cannot be read,
        ValueError for an invalid one."""

    def layout(self, name: str, variant: str = "") -> Any:
        """The structure ``name`` (``dbt.linux.structs.Struct``) in this variant of the ABI."""

    def open_flags_to_host(self, flags: int) -> int: ...
    def open_flags_from_host(self, flags: int) -> int: ...
    def open_flag_names(self) -> tuple[tuple[str, int], ...]:
        """Names and bits of the guest's open flags, in the order in which they are shown."""


# -- A call in words -------------------------------------------------------------------------------


@attrs.frozen
class DecodedArgument:
    """One argument of a call: its value (unsigned), and what it means.

    ``content`` is what the argument stands for: bytes for paths and buffers, a dict for structures,
    a list for vectors; None for plain numbers and for memory that cannot be read or was not
    written yet.
    """

    name: str
    type: str
    value: int
    text: str
    content: Any = None


@attrs.frozen
class DecodedCall:
    """A system call in words. ``result`` is None, and its text empty, before the call returns."""

    name: str
    arguments: tuple[DecodedArgument, ...]
    result: int | None = None
    result_text: str = ""

    def __str__(self) -> str:
        shown = ",".join(argument.text for argument in self.arguments)
        text = f"{self.name}({shown})"
        return f"{text} = {self.result_text}" if self.result_text else text

    def __getitem__(self, name: str) -> DecodedArgument:
        """An argument by name. Raises UsageError, which is a KeyError here, with the names there
        are."""
        for argument in self.arguments:
            if argument.name == name:
                return argument
        known = [argument.name for argument in self.arguments]
        raise choices.no_key(f"argument of {self.name}", name, known)

    def of_type(self, *types: str) -> list[DecodedArgument]:
        """The arguments of these types, in order."""
        return [argument for argument in self.arguments if argument.type in types]

    @property
    def paths(self) -> list[bytes]:
        """The paths it names, as the guest wrote them."""
        return [a.content for a in self.of_type("path") if isinstance(a.content, bytes)]

    @property
    def fds(self) -> list[int]:
        """The file descriptors it takes."""
        values = (argument.value for argument in self.of_type("fd"))
        return [value - (1 << 32) if value >> 31 else value for value in values]


Decode = Callable[[str, Sequence[int], int | None], DecodedCall]
"""Puts a call into words: its name, argument registers, and result once there is one."""
