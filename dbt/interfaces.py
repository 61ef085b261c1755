"""What the core asks of a frontend, a backend and a pass. Nothing here runs anything.

The picture: the engine (``dbt/runtime/engine.py``) asks a ``Frontend`` for blocks, sends them
through passes, and installs them in an ``Executor``, which a ``Backend`` opened for one machine.
The executor runs translated code until something needs Python, and says what as an ``Event``.
"""

import enum
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import attrs

from dbt import choices
from dbt.ir.block import Block, BlockKey
from dbt.ir.types import Type
from dbt.stops import Access

# -- Guest state ----------------------------------------------------------------------------------

PC_SLOT = "pc"
"""Every layout has this i32 slot: where the guest goes on (low bit clear), valid between runs."""

CONTROL_BYTES = 512
"""The first bytes of the state buffer belong to the backend."""


@attrs.frozen
class Slot:
    """One named piece of guest state at ``offset`` bytes in the state buffer.

    An ``i1`` takes a 4-byte word whose value is 0 or 1; i32 takes 4 bytes; i64 and f64 eight.
    """

    name: str
    type: Type
    offset: int


@attrs.frozen
class Layout:
    """Where each slot lives, and what some of them are for."""

    slots: tuple[Slot, ...]
    size: int
    hot: tuple[str, ...] = ()
    """The slots worth a host register, hottest first."""
    general: tuple[str, ...] = ()
    """The registers that a report shows, in order."""
    flags: tuple[str, ...] = ()
    """The i1 slots that a comparison sets: negative, zero, carry (no borrow), overflow; none on a
    machine without them. Backends make them from the operands when they are read."""
    by_name: Mapping[str, Slot] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "by_name", {slot.name: slot for slot in self.slots})


def lay_out(declared: Iterable[tuple[str, Type]], **roles: tuple[str, ...]) -> Layout:
    """Give each declared slot an aligned offset after the backend's control area. ``roles`` are
    the other fields of a layout."""
    slots = []
    offset = CONTROL_BYTES
    for name, type_ in declared:
        size = max(4, type_.bytes)
        offset = -(-offset // size) * size
        slots.append(Slot(name, type_, offset))
        offset += size
    return Layout(tuple(slots), -(-offset // 16) * 16, **roles)


def extend(layout: Layout, declared: Iterable[tuple[str, Type]]) -> Layout:
    """A layout with further slots behind its own."""
    own = [(slot.name, slot.type) for slot in layout.slots]
    return lay_out([*own, *declared], hot=layout.hot, general=layout.general, flags=layout.flags)


class State(Protocol):
    """Guest registers and flags in one flat buffer (``dbt/runtime/state.py``)."""

    layout: Layout
    address: int
    """Host address of the buffer. Slots are little-endian; past ``layout.size`` there are at
    least 64 KiB that belong to the backend (temporaries)."""

    def get(self, slot: str) -> int: ...
    def set(self, slot: str, value: int) -> None: ...


# -- Guest memory ---------------------------------------------------------------------------------

PAGE = 4096
READ, WRITE, EXEC, CODE, MAPPED, ABSENT = 1, 2, 4, 8, 16, 32
"""Permission bits, one byte per guest page. CODE: translations were made from this page, so a store
must stop with a write fault even where WRITE is set; the engine then invalidates and steps.
ABSENT stands alone: the page belongs to a mapping but lies past the end of the mapped file."""


class Memory(Protocol):
    """The guest's 4 GiB (``dbt/runtime/memory.py``)."""

    base: int
    """Host address of guest address 0. 4 GiB and a guard page follow it."""
    perms_base: int
    """Host address of the permission bytes: ``perms_base + (address >> 12)``. It is
    ``base - PERMS_DISTANCE``, a constant."""

    def load(self, address: int, size: int) -> int:
        """Checked little-endian load. Raises GuestFault."""

    def store(self, address: int, size: int, value: int) -> None:
        """Checked store. Raises GuestFault; on a CODE page it invalidates first, then writes."""

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


# -- Instrumentation state
# --------------------------------------------------------------------------


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


# -- Chaining
# -----------------------------------------------------------------------------------------


class LinkKind(enum.Enum):
    """How an edge leaves a block: what a chain policy can tell apart."""

    DIRECT = "direct"  # Goto, Branch, Call with a known target
    RETURN = "return"  # Return
    INDIRECT = "indirect"  # Jump, Call with a computed target


class LinkRules(Protocol):
    """What an executor asks before it lets one block run on into another."""

    kinds: frozenset[LinkKind]

    def permits(self, pc: int) -> bool:
        """False when nothing may chain into blocks at this pc."""


class Reason(enum.Enum):
    """Why translated code came back to the dispatcher. Each return counts under exactly one.

    The first that applies, in this order. ``not_translated`` is counted once, not again when
    the dispatcher goes on after the translation.
    """

    NOT_TRANSLATED = "not_translated"  # the next block has no translation yet
    DENIED = "denied"  # the policy denies the next block's pc
    UNLINKED = "unlinked"  # direct: the link was not made yet, or direct links are off
    INDIRECT_MISS = "indirect_miss"  # computed: indirect chaining is off
    RETURN_MISS = "return_miss"  # return: return chaining is off
    SYSCALL = "syscall"
    HOOK = "hook"
    FAULT = "fault"
    INVALIDATION = "invalidation"  # a store to a page that holds translated code
    TRAP = "trap"
    HALT = "halt"
    BUDGET = "budget"  # out of fuel


# -- Events: what an executor comes back to the engine with
# ---------------------------------------------


@attrs.frozen
class NotTranslated:
    """``key`` is to be installed, then run again."""

    key: BlockKey


@attrs.frozen
class SyscallHit:
    """A Swi exit: the number in the instruction, and where to go on. state.pc is ``resume.pc``."""

    number: int
    resume: BlockKey


@attrs.frozen
class HookHit:
    """A Hook exit of a block at ``resume.pc`` (also in state.pc)."""

    resume: BlockKey


@attrs.frozen
class WatchHit:
    """The dispatcher was about to enter the block at ``key``, whose pc is watched."""

    key: BlockKey


@attrs.frozen
class FaultHit:
    """A load or store was forbidden. The instruction at ``pc`` did nothing and was not counted."""

    pc: int
    mode: int
    address: int
    access: Access


@attrs.frozen
class HaltHit:
    """A Halt exit. ``mode`` has the frontend's bits of the block it is in."""

    reason: str
    pc: int
    mode: int = 0


@attrs.frozen
class TrapHit:
    """A ``trap_if`` fired in the instruction at ``pc``. ``mode`` as in HaltHit."""

    reason: str
    pc: int
    mode: int = 0


@attrs.frozen
class FuelOut:
    """The block at ``key`` needs more fuel than is left. It was not entered."""

    key: BlockKey


Event: TypeAlias = (
    NotTranslated | SyscallHit | HookHit | WatchHit | FaultHit | HaltHit | TrapHit | FuelOut
)


# -- Backends
# ------------------------------------------------------------------------------------------


TIERS = ("0", "1", "2", "auto")
UNITS = ("block", "region")
"""What is compiled at a time: a block, or a loop within a batch of them. Tiers 0 and 1 know blocks
only."""


def _tier(given: object) -> str:
    plain = isinstance(given, int) and not isinstance(given, bool)
    return choices.one_of("tier", str(given) if plain else given, TIERS)


def _unit(given: object) -> str:
    return choices.one_of("unit", given, UNITS)


def _hot(given: object) -> int:
    return choices.whole("hot", given)


@attrs.frozen
class BackendOptions:
    """What a user may choose. A backend ignores what it has no use for. Raises UsageError.

    ``tier``: 0 interprets, 1 compiles quickly, 2 compiles optimised, auto does 0 and then 2.
    ``unit``: what is compiled at a time. ``hot``: executions of a block after which ``auto``
    compiles it (compiling takes 3-6 ms, an execution in tier 0 some 20 ns longer).
    """

    tier: str = attrs.field(default="auto", converter=_tier)
    unit: str = attrs.field(default="block", converter=_unit)
    hot: int = attrs.field(default=10_000, converter=_hot)


@attrs.frozen
class Context:
    """All that an executor works on; it lives as long as the executor."""

    state: State
    memory: Memory
    counters: CounterBank
    stacks: StackBank
    functions: FunctionBank
    key_of: Callable[[int], BlockKey]
    """Key of an indirect location (Frontend.key_of)."""
    location_of: Callable[[BlockKey], int]
    """The location that names a key, for keys that have one (Frontend.location_of)."""
    options: BackendOptions = BackendOptions()


class TablesFull(Exception):
    """An executor has no room for another block: it takes it when others have been discarded."""


class Executor(Protocol):
    """Runs installed blocks. Not thread safe, but ``apply`` may be called while ``run`` runs."""

    fuel: int
    """Guest instructions left. ``run`` takes what it executes off this, exactly. A function that
    ``invoke`` calls may set it to 0, which makes ``run`` come back at the next block that
    counts instructions."""

    def install(self, block: Block) -> None:
        """Accept an optimised, verified block; an older one with the same key is replaced. Raises
        TablesFull."""

    def discard(self, keys: Iterable[BlockKey]) -> None:
        """Drop translations and unlink every edge into them. Unknown keys are ignored."""

    def installed(self) -> Collection[BlockKey]: ...

    def run(self, key: BlockKey) -> Event:
        """Go on at ``key`` until something needs Python."""

    def apply(self, rules: LinkRules) -> None:
        """Obey new rules from the next edge on: unlink what they no longer permit."""

    def watch(self, pcs: Collection[int]) -> None:
        """From the next edge on, come back with WatchHit instead of running on into a block at one
        of these pcs; nothing chains into them (a dispatch counts as ``denied``). Blocks whose
        condition has been tested, or whose hook has run (TAKEN, HOOKED), are not meant, nor is the
        block that ``run`` is called with."""

    def check(self, pcs: Collection[int] | None) -> None:
        """As ``watch``, but links stay and blocks look themselves, first thing when they begin:
        those installed while ``pcs`` is not None (a return counts as ``hook``)."""

    def dispatches(self) -> Mapping[Reason, int]:
        """Exact numbers of returns to the dispatcher, by reason, since the executor was opened."""

    def statistics(self) -> Mapping[str, int]:
        """Further figures: blocks and bytes per tier, links made, compile time in µs."""

    def explain(self, key: BlockKey) -> Mapping[str, str]:
        """Texts per stage of this backend (``bytecode``, ``llvm``, ``out_asm``) of one block."""

    def close(self) -> None:
        """Release code and tables. The executor is not used afterwards."""


class Backend(Protocol):
    """Makes executors. Found by entry point, group ``dbt.backends``; constructed with no
    arguments."""

    name: str

    def open(self, context: Context) -> Executor: ...


# -- Frontends
# -----------------------------------------------------------------------------------------


class CodeReader(Protocol):
    """Guest code: ``Memory.fetch`` or any bytes at hand."""

    def fetch(self, address: int, size: int) -> bytes: ...


@attrs.frozen
class CallAbi:
    """Slots of the procedure call standard: integer arguments, result, stack pointer, link."""

    arguments: tuple[str, ...]
    result: str
    stack: str
    link: str


class Frontend(Protocol):
    """Lifts guest code. Found by entry point, group ``dbt.frontends``; constructed with no
    arguments."""

    name: str
    layout: Layout
    max_insns: int
    insn_sizes: tuple[int, ...]
    """Bytes that an instruction may take, longest first."""
    call_abi: CallAbi
    breakpoint: bytes
    """An instruction that ends its block with ``Halt("breakpoint")``, as it stands in memory."""

    def key_of(self, location: int) -> BlockKey:
        """The block an indirect location names (ARM: bit 0 is Thumb)."""

    def location_of(self, key: BlockKey) -> int:
        """The inverse of key_of, for keys without generic mode bits, and without what ``in_state``
        finds in the state."""

    def in_state(self, key: BlockKey, state: State) -> BlockKey:
        """The key with the mode bits that no location has and the state tells. A frontend that has
        such bits ends its computed jumps with ``Halt("jump")``, the location in the slot ``jump``,
        where they are set."""

    def objection(self, key: BlockKey) -> str:
        """Why no code in the key's state can be lifted; empty when it can."""

    def lift(self, code: CodeReader, key: BlockKey, boundaries: Collection[int] = ()) -> Block:
        """Lift one block. It ends at an exit, at ``max_insns``, at a page's end, before a pc in
        ``boundaries`` and before a pc that cannot be fetched. Its last instruction may cross the
        page's end; what it depends on in front of it is ``Block.before``. A first instruction that
        cannot be fetched raises GuestFault."""

    def disassemble(self, code: CodeReader, pc: int, mode: int = 0) -> str:
        """One instruction as the listing shows it."""

    def syscall_abi(self) -> Any:
        """What knows this guest *and* Linux (``dbt/syscall_abi.py`` says what that is)."""


# -- Passes
# --------------------------------------------------------------------------------------------


class Pass(Protocol):
    """One rewrite of a block in place. Fields of the (frozen attrs) class are its options."""

    def run(self, block: Block) -> None: ...
