"""The protocol of a guest's surroundings: an operating system (``dbt/linux``) or bare metal."""

from collections.abc import Iterable, Sequence

from dbt.interfaces import FaultHit, HaltHit
from dbt.ir.block import BlockKey
from dbt.stops import Stop
from dbt.syscalls import DecodedCall
from dbt.typing import Any, Protocol


class Loaded(Protocol):
    """A program or a library in memory: the host's path, its lowest address, and past its highest
    one."""

    @property
    def path(self) -> str: ...
    @property
    def low(self) -> int: ...
    @property
    def high(self) -> int: ...


def is_named(path: str, library: str) -> bool:
    """Whether a file is the library of a name, which may leave out versions at the end:
    ``libc.so`` and ``libc.so.6`` name ``/lib/libc.so.6``."""
    name = path.rpartition("/")[2]
    return name == library or name.startswith(f"{library}.")


def split_library(name: str) -> tuple[str, str]:
    """The library, or an empty text, and the symbol in ``LIBRARY:SYMBOL``. Two colons belong to the
    names of C++ and Rust."""
    library, _, symbol = name.partition(":")
    if not library or not symbol or symbol.startswith(":"):
        return "", name
    return library, symbol


class Symbols(Protocol):
    """The symbols of a guest program."""

    def name(self, pc: int) -> str:
        """The function's name, or its address as text."""

    def resolve(self, where: int | str) -> int:
        """The location of a symbol or of an address: code there has the state of its function. A
        symbol of one library is ``LIBRARY:SYMBOL``. Raises UsageError for an unknown symbol."""

    def loaded(self) -> Sequence[Loaded]:
        """The program and the libraries of which all segments are in memory, by address."""

    def functions(self) -> Iterable[int]:
        """The locations of all functions that have symbols."""

    def extent(self, name: str) -> range:
        """The addresses of what a symbol names: as many as it says, or none. Raises UsageError for
        an unknown symbol."""


class Environment(Protocol):
    """Does what translated code cannot do by itself.

    ``syscall``, ``fault``, ``halt``, ``poll`` and ``turn_over`` return the location at which the
    guest continues, or how it ends.
    """

    @property
    def symbolizer(self) -> Symbols: ...

    def load(self, program: str, argv: Sequence[bytes], envp: Sequence[bytes]) -> int:
        """Load a program of the host. Returns the location to start at. Raises UsageError."""

    def syscall(self, number: int, resume: BlockKey, *, again: bool = False) -> int | Stop:
        """Serve the trap instruction with immediate ``number``, which is in front of ``resume``.
        ``again``: it was begun before, and a hook raised before the call was made."""

    def fault(self, hit: FaultHit) -> int | Stop:
        """Handle a forbidden access."""

    def halt(self, hit: HaltHit) -> int | Stop:
        """Handle an instruction that cannot be executed."""

    def poll(self, location: int) -> int | Stop:
        """Handle signals and the like, before the instruction at ``location``."""

    @property
    def thread(self) -> int:
        """The id of the guest's thread that runs. Each of the methods that return where the guest
        continues may have changed it, and then that is where the new one continues."""

    def has_thread(self, thread: int) -> bool:
        """Whether a thread has not ended yet."""

    def turn_over(self, location: int, *, interruptible: bool) -> int | Stop:
        """Another thread is to run, because the present one, which is before the instruction at
        ``location``, has executed as many instructions as it may. Unless it is ``interruptible``,
        what ``poll`` does cannot be done there."""

    def save(self) -> Any:
        """Keep what there is of the guest, its memory, and everything but registers, so that
        ``restore`` can make it so again. Raises UsageError for what cannot be kept."""

    def restore(self, saved: Any) -> None:
        """Make the guest as it was when ``save`` returned this, as often as is wanted. Raises
        UsageError, and then has changed nothing."""

    @property
    def program_flags(self) -> int:
        """e_flags of the program's ELF header."""

    @property
    def program(self) -> object:
        """Another object for each program that is loaded."""

    def interrupt_sleep(self) -> int | None:
        """Have a function of the guest run in the midst of a system call that sleeps. Returns what
        ``continue_sleep`` takes."""

    def continue_sleep(self, deadline: int | None) -> None:
        """Have the call sleep for what is left of its time when it is made again."""

    def allocate(self, size: int) -> int:
        """Map memory for the host to use. Returns its address. Raises UsageError."""

    def release(self, address: int, size: int) -> None:
        """Unmap what ``allocate`` has mapped."""

    def symbolize(self, pc: int) -> str:
        """``name+0x14 in file`` for a guest address."""

    def place(self, pc: int) -> str:
        """The same with the source line where it is known: ``name+0x14 in file, main.c:12``."""

    def stack_bound(self, pointer: int) -> int:
        """The end of the stack the program was started on, when ``pointer`` is in it; else
        ``pointer``."""

    def mapping(self, address: int) -> range:
        """The addresses of the mapping that an address is in; none if it is in no mapping."""

    def heap(self) -> range:
        """The addresses of the heap that the system keeps for a program, as it is now."""

    def call_name(self, given: int | str) -> str:
        """The name of a system call that is given by name or number. Raises UsageError."""

    def decode(self, name: str, registers: Sequence[int], result: int | None = None) -> DecodedCall:
        """The call being served, with its typed arguments, and its result once there is one."""
