"""Protocols of what IR acts on: guest state and memory; counters, stacks, functions of passes."""

from collections.abc import Callable, Sequence

from dbt.classes import attrs
from dbt.ir.layout import Layout
from dbt.typing import Protocol, TypeAlias


class State(Protocol):
    """Guest registers and flags in one flat buffer (``dbt/runtime/state.py``)."""

    layout: Layout
    address: int
    """Host address of the buffer. Slots are little-endian. At least 64 KiB past ``layout.size``
    belong to the backend, for temporaries."""

    words: memoryview
    """The buffer as words of 32 bits, for slots that are looked at very often."""

    def get(self, slot: str) -> int:
        """The value of a slot, unsigned."""

    def set(self, slot: str, value: int) -> None:
        """Set a slot to the bits of a value that fit it."""

    def word(self, slot: str) -> int:
        """The index in ``words`` of a slot of 32 bits."""


PAGE = 4096
READ, WRITE, EXEC, CODE, MAPPED, ABSENT = 1, 2, 4, 8, 16, 32
READ_WATCHED, WRITE_WATCHED = READ << 6, WRITE << 6
"""Permission bits, one byte per guest page. CODE: translations depend on this page, so translated
code must stop with a write fault at a store even where WRITE is set; the engine then invalidates
them and executes the store. ABSENT is never combined with others: the page belongs to a mapping,
but lies past the end of the mapped file. READ_WATCHED and WRITE_WATCHED stand in place of READ and
WRITE on a watched page: the guest may access it, and translated code must stop there with a fault;
the engine then executes the instruction."""
GRANTED = bytes(perms & 0x3F | perms >> 6 for perms in range(256))
"""What the guest may do, by permission byte: the same without the bits of watched pages."""


class Accesses(Protocol):
    """Checked access to guest memory. A call that raises has changed nothing."""

    def load(self, address: int, size: int) -> int:
        """Checked little-endian load. Raises GuestFault."""

    def store(self, address: int, size: int, value: int) -> None:
        """Checked store. Invalidates the translations of a CODE page first. Raises GuestFault."""

    def exchange(self, address: int, size: int, value: int) -> int:
        """Checked store at an aligned address. Returns what was there when it stored; no other
        process stores in between. Raises GuestFault as ``store`` does."""

    def compare_exchange(self, address: int, size: int, expected: int, value: int) -> int:
        """The same, which only stores if ``expected`` is there."""

    def fence(self) -> None:
        """Let no later load come before an earlier store, as other processes see it."""


CompareExchange: TypeAlias = Callable[[int, int, int, int], int]
"""A host address, a size, a value to be expected there and another one. Stores that in one step if
it is there, and returns what was there. It is a fence, too."""


class Memory(Accesses, Protocol):
    """The guest's 4 GiB (``dbt/runtime/memory.py``)."""

    base: int
    """Host address of guest address 0. 4 GiB follow it. The page in front of it, and 64 KiB behind
    these, can never be accessed: code without checks relies on that where addresses wrap around."""
    perms_base: int
    """Host address of the permission bytes: ``perms_base + (address >> 12)``. It is
    ``base - PERMS_DISTANCE``, a constant."""

    def read(self, address: int, size: int) -> bytes:
        """Bytes that the guest may read. Raises GuestFault."""

    def write(self, address: int, data: bytes) -> None:
        """Write where the guest may. Raises GuestFault."""

    def fetch(self, address: int, size: int) -> bytes:
        """Bytes to decode. Raises GuestFault unless every page is executable."""

    def use_atomics(self, compare_exchange: CompareExchange) -> None:
        """Make ``exchange``, ``compare_exchange`` and ``fence`` of this. Each executor calls it."""

    @property
    def protection(self) -> "Protection":
        """The host's protection of it."""


class Protection(Protocol):
    """The host's protection of guest memory (``dbt/runtime/protection.py``)."""

    follows: bool
    """Whether the host refuses what the permission bytes forbid, CODE included. It may end at any
    change of permissions, for want of room in the host."""

    def begin(self) -> None:
        """Have the host refuse that, if it has room for what that takes."""

    def is_intact(self) -> bool:
        """Whether the host refuses that now: ``follows``, and no page is open to other code."""

    def renew(self) -> None:
        """Protect the pages again that were opened to other code. Called before code runs that
        makes no checks."""

    def end(self) -> None:
        """Open all pages."""


PERMS_DISTANCE = 2 << 20

LOST_AT = (1 << 20) + PAGE
"""Offset from ``perms_base`` of the list of lost pages, which the host could not give when they
were accessed (``backends/native/guard.py``): their number, then the guest address of each access,
as u64."""
LOST_PAGES_AT = LOST_AT + PAGE
"""Offset from ``perms_base`` of the place that the lost pages are moved to, in the same order."""
LOST_PAGES = (PERMS_DISTANCE - LOST_PAGES_AT) // PAGE - 1
"""Length of the list. Lost pages beyond it are counted only. A page that nobody may access is left
in front of ``base``: accesses wrap around to it."""
LOST_WINDOW_AT = LOST_AT + 8 + 8 * LOST_PAGES
"""Offset from ``perms_base`` of a page number (u64) and the permission bytes of ``LOST_WINDOW``
pages from that one on, the neighbours of the first lost page. They are ABSENT until Python has
dealt with it, so that translated code stops at its next access to one of them."""
LOST_WINDOW = 512

OPENED_AT = LOST_WINDOW_AT + 8 + LOST_WINDOW
"""Offset from ``perms_base`` of the list of opened pages: those that other code than that without
checks has accessed against the host's protection, which was taken from them
(``backends/native/guard.py``). Their number, then page numbers, as u64."""
OPENED = (LOST_PAGES_AT - OPENED_AT) // 8 - 2
"""Length of the list. Opened pages beyond it are counted only."""

SHARED_AT = LOST_PAGES_AT - 8
"""Offset from ``perms_base`` of a byte that is 1 as soon as other processes may have pages that the
guest can write. While it is 0, nobody can tell a step from several, and there is nobody to see
in which order the guest accesses its memory."""


class CounterBank(Protocol):
    """Named 64-bit counters in one buffer (``dbt/runtime/counters.py``)."""

    address: int
    """That of the state buffer, and COUNTERS_AT."""

    def index(self, name: str) -> int:
        """Index of a counter, made if it is new. Its value is at ``address + 8 * index``."""

    def add(self, name: str) -> None:
        """Add 1 to a counter (the reference evaluator's ``count``)."""


STACK_ENTRIES = 1 << 16
STACK_BYTES = 8 + 4 * STACK_ENTRIES


class StackBank(Protocol):
    """Named side stacks. Stack i is at ``address + i * STACK_BYTES``: a u64 depth, then u32
    entries. push: ``entry[depth % STACK_ENTRIES] = v; depth += 1`` (the oldest entry is lost when
    full). pop: 0 when depth is 0, else ``depth -= 1; entry[depth % STACK_ENTRIES]``."""

    address: int

    def index(self, name: str) -> int: ...
    def push(self, name: str, value: int) -> None: ...
    def pop(self, name: str) -> int: ...


@attrs.frozen
class NativeFunction:
    """What compiled code may assume of a function that ``invoke`` calls."""

    uses_state: bool = True
    """It may read or change guest state: registers must be in the state buffer."""
    may_stop: bool = True
    """It may stop the run: it reads the fuel or changes it."""
    llvm: str = ""
    """LLVM assembly of a module that defines it as ``symbol`` and needs no other, for linking it
    into the code that calls it. Empty: it is called by its address."""
    symbol: str = ""


class FunctionBank(Protocol):
    """Functions that ``invoke`` calls, by name (``dbt/runtime/functions.py``).

    A function is ``void f(i64 environment, i64 a0, …)`` in C's calling convention, with up to
    ``MOST_ARGUMENTS`` arguments. The environment is the address of the state buffer. It must
    return. The address of function i is at ``address + 8 * i`` and may change at any time; what
    ``native`` says changes only after all translations were dropped.
    """

    address: int
    failure: BaseException | None
    """The first exception that a function raised, or None. It cannot pass through compiled code."""
    on_failure: Callable[[], None]
    """Called when there is a failure, from within the function."""
    on_change: Callable[[], None]
    """Called when what ``native`` says of a function has changed."""
    on_return: Callable[[], None]
    """Called when a function in Python has returned, before translated code goes on."""

    def take_failure(self) -> BaseException | None:
        """Return the failure, or None, and forget it."""

    def index(self, name: str, arity: int) -> int:
        """Index of a function, which is made if it is new. Calling one that is not defined ends the
        run. Raises ValueError when it is defined with another number of arguments."""

    def native(self, name: str) -> NativeFunction:
        """What compiled code may assume of a function."""

    def call(self, name: str, args: Sequence[int]) -> None:
        """Call a function (the reference evaluator's ``invoke``)."""
