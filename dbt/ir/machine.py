"""What IR acts on: guest state and memory, and what instrumentation adds to them."""

from collections.abc import Callable, Sequence
from typing import Protocol

import attrs

from dbt.ir.layout import Layout


class State(Protocol):
    """Guest registers and flags in one flat buffer (``dbt/runtime/state.py``)."""

    layout: Layout
    address: int
    """Host address of the buffer. Slots are little-endian; past ``layout.size`` there are at
    least 64 KiB that belong to the backend (temporaries)."""

    def get(self, slot: str) -> int: ...
    def set(self, slot: str, value: int) -> None: ...


PAGE = 4096
READ, WRITE, EXEC, CODE, MAPPED, ABSENT = 1, 2, 4, 8, 16, 32
"""Permission bits, one byte per guest page. CODE: translations were made from this page, so a store
must stop with a write fault even where WRITE is set; the engine then invalidates and steps.
ABSENT stands alone: the page belongs to a mapping but lies past the end of the mapped file."""


class Accesses(Protocol):
    """Checked access to guest memory, which changes nothing when it raises."""

    def load(self, address: int, size: int) -> int:
        """Checked little-endian load. Raises GuestFault."""

    def store(self, address: int, size: int, value: int) -> None:
        """Checked store. Raises GuestFault; on a CODE page it invalidates first, then writes."""


class Memory(Accesses, Protocol):
    """The guest's 4 GiB (``dbt/runtime/memory.py``)."""

    base: int
    """Host address of guest address 0. 4 GiB and a guard page follow it."""
    perms_base: int
    """Host address of the permission bytes: ``perms_base + (address >> 12)``. It is
    ``base - PERMS_DISTANCE``, a constant."""

    def read(self, address: int, size: int) -> bytes: ...
    def write(self, address: int, data: bytes) -> None: ...
    def fetch(self, address: int, size: int) -> bytes:
        """Bytes to decode. Raises GuestFault unless every page is executable."""


PERMS_DISTANCE = 2 << 20

LOST_AT = (1 << 20) + PAGE
"""Offset from ``perms_base`` of what is noted of pages that the host could not give when they were
accessed (``backends/native/guard.py``): how many, then the guest address of each access, as u64."""
LOST_PAGES_AT = LOST_AT + PAGE
"""Offset from ``perms_base`` of where these pages have been moved to, in the same order."""
LOST_PAGES = (PERMS_DISTANCE - LOST_PAGES_AT) // PAGE
"""How many there is room for. What comes after them is counted and not noted."""
LOST_WINDOW_AT = LOST_AT + 8 + 8 * LOST_PAGES
"""Offset from ``perms_base`` of a u64, the number of a page, and the permissions of
``LOST_WINDOW`` pages from there on: the neighbours of the first lost page. These are ABSENT
meanwhile, so that code comes back at its next access to them."""
LOST_WINDOW = 512


class CounterBank(Protocol):
    """Named 64-bit counters in one buffer (``dbt/runtime/counters.py``)."""

    address: int

    def index(self, name: str) -> int:
        """Index of a counter, made when new; it lives at ``address + 8 * index``."""

    def add(self, name: str) -> None:
        """Add 1 to a counter (the reference evaluator's ``count``)."""


STACK_ENTRIES = 1 << 16
STACK_BYTES = 8 + 4 * STACK_ENTRIES


class StackBank(Protocol):
    """Named side stacks. Stack i lives at ``address + i * STACK_BYTES``: a u64 depth, then u32
    entries. push: ``entry[depth % STACK_ENTRIES] = v; depth += 1`` (the oldest entry is lost when
    full). pop: 0 when depth is 0, else ``depth -= 1; entry[depth % STACK_ENTRIES]``."""

    address: int

    def index(self, name: str) -> int: ...
    def push(self, name: str, value: int) -> None: ...
    def pop(self, name: str) -> int: ...


@attrs.frozen
class NativeFunction:
    """What compiled code may know of a function that ``invoke`` calls, beyond its address."""

    uses_state: bool = True
    """It may look at, or change, guest state: registers must be in the state buffer."""
    may_stop: bool = True
    """It may ask the run to stop: it looks at the fuel, or changes it."""
    llvm: str = ""
    """LLVM assembly of a module that defines it as ``symbol`` and needs nothing else, so that it
    can be made a part of the code that calls it; empty: it is called by its address."""
    symbol: str = ""


class FunctionBank(Protocol):
    """Functions that ``invoke`` calls, by name (``dbt/runtime/functions.py``).

    A function is ``void f(i64 environment, i64 a0, …)`` in C's calling convention, with up to
    ``MOST_ARGUMENTS`` arguments; the environment is the address of the state buffer. It must come
    back. The i-th function's address stands at ``address + 8 * i`` and may change at any time; what
    ``native`` says changes only when the engine has dropped all translations.
    """

    address: int
    failure: BaseException | None
    """What a function raised first: it cannot pass through compiled code, so it is kept."""
    on_failure: Callable[[], None]
    """Called when there is one, from within the function."""
    on_change: Callable[[], None]
    """Called when what ``native`` says has changed."""

    def take_failure(self) -> BaseException | None:
        """The failure, which is forgotten."""

    def index(self, name: str, arity: int) -> int:
        """Index of a function, made when new. An undefined one may be called: it ends the run.
        Raises ValueError for a function that is defined with another number of arguments."""

    def native(self, name: str) -> NativeFunction:
        """What may be known of a function."""

    def call(self, name: str, args: Sequence[int]) -> None:
        """Call it (the reference evaluator's ``invoke``)."""
