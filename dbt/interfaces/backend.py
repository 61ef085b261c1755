"""The protocols of a backend and of the executors that it opens."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from types import ModuleType

from dbt import choices
from dbt.classes import attrs
from dbt.interfaces.chaining import LinkRules, Reason
from dbt.interfaces.events import Event, HookHit, SyscallHit
from dbt.interfaces.frontend import Encoding
from dbt.interfaces.passes import Pass
from dbt.ir.banks import PAGE, CounterBank, FunctionBank, Memory, StackBank, State
from dbt.ir.block import Block, BlockKey, Exit, Inst, exit_targets
from dbt.phases import UNTIMED, Phases
from dbt.typing import Any, Protocol

TIERS = ("0", "1", "2", "auto")
UNITS = ("auto", "block", "loop", "function")
"""What is compiled at a time: one block; blocks that lead to each other by branches, with a loop
among them; the same also along calls and behind them. What is compiled quickly is single blocks,
whatever the unit."""

MEMORY_CHECKS = ("mmu", "explicit")
"""What refuses the guest an access: the host's MMU, or a test in the translated code."""


def _tier(given: object) -> str:
    plain = isinstance(given, int) and not isinstance(given, bool)
    return choices.one_of("tier", str(given) if plain else given, TIERS)


def _unit(given: object) -> str:
    return choices.one_of("unit", given, UNITS)


def _hot(given: object) -> int:
    return choices.whole("hot", given)


def _memory_checks(given: object) -> str:
    return choices.one_of("kind of memory checks", given, MEMORY_CHECKS)


def _background(given: object) -> bool:
    return choices.truth("background", given)


def _reuse(given: object) -> bool:
    return choices.truth("reuse", given)


@attrs.frozen
class BackendOptions:
    """What a user may choose. A backend ignores the options that it has no use for. Raises
    UsageError.

    ``tier``: 0 copies prepared code, 1 compiles quickly, 2 compiles optimised, auto does 0 and
    then 2.
    ``unit``: what is compiled at a time; auto is function in tier auto, and block in others.
    ``hot``: executions of a block after which ``auto`` compiles it (compiling takes 3-6 ms, an
    execution in tier 0 a few ns longer). ``background``: ``auto`` compiles on another core while
    the guest runs on; else the guest waits. ``reuse``: what is compiled because it is hot is
    kept on disk, and not compiled if it is there.
    ``memory_checks``: with ``mmu``, code makes no test of its own before it accesses memory, and
    the host's protection of pages follows the guest's permissions, as far as the host has room for
    mappings. What is compiled quickly makes its own tests.
    """

    tier: str = attrs.field(default="auto", converter=_tier)
    unit: str = attrs.field(default="auto", converter=_unit)
    hot: int = attrs.field(default=1_000_000, converter=_hot)
    background: bool = attrs.field(default=True, converter=_background)
    reuse: bool = attrs.field(default=True, converter=_reuse)
    memory_checks: str = attrs.field(default="mmu", converter=_memory_checks)

    @property
    def unit_compiled(self) -> str:
        """The unit, and not ``auto``."""
        if self.unit != "auto":
            return self.unit
        return "function" if self.tier == "auto" else "block"

    @property
    def promotes(self) -> bool:
        """Whether hot blocks are compiled: what ``hot``, ``background`` and ``reuse`` are about."""
        return self.tier == "auto" or (self.tier == "2" and self.unit_compiled != "block")


class InstructionLifter(Protocol):
    """Lifts single instructions from numbers (a part of ``Frontend``)."""

    max_insns: int
    word_bits: int
    encodings: tuple[Encoding, ...]
    changing: int

    def sources(self) -> Iterable[str]: ...
    def in_state(self, key: BlockKey, state: State) -> BlockKey: ...
    def known_slots(self, key: BlockKey) -> Mapping[str, int]: ...
    def lift_one(self, key: BlockKey, word: Any, before: Any) -> tuple[Block, bool]: ...


@attrs.frozen
class Context:
    """Everything that an executor works on. It lives as long as the executor."""

    state: State
    memory: Memory
    counters: CounterBank
    stacks: StackBank
    functions: FunctionBank
    key_of: Callable[[int], BlockKey]
    """Returns the key of the block at an indirect location (``Frontend.key_of``)."""
    location_of: Callable[[BlockKey], int]
    """Returns the location of a key that has one (``Frontend.location_of``)."""
    options: BackendOptions = BackendOptions()
    lifter: "InstructionLifter | None" = None
    """Lifts single instructions of the guest, for a backend that makes blocks itself."""
    passes: Sequence[Pass] = ()
    """The instrumentation passes of such blocks now. All translations are dropped when one comes or
    goes that is ``Local``."""
    phases: Phases = UNTIMED
    """Times what the executor does, if anybody wants to know."""


@attrs.frozen
class Rewritten:
    """A block that passes have rewritten, and what they were given: its instructions with their
    fields, and its exit. ``optimise`` makes of it what can be installed."""

    block: Block
    own: Sequence[tuple[Inst, Any, Any, Any]]
    """Each with its ``args``, ``imm`` and ``when``."""
    exit: Exit
    optimise: Callable[[Block], None]

    @classmethod
    def before_passes(cls, block: Block, optimise: Callable[[Block], None]) -> "Rewritten":
        """A block as it is now, which passes will rewrite."""
        own = [(inst, inst.args, inst.imm, inst.when) for inst in block.insts]
        return cls(block, own, block.exit, optimise)


@attrs.frozen
class Extent:
    """What a translation was made from: ``size`` bytes at the pc of ``key``, and ``before`` bytes
    in front of them; the instructions that it counts; and where its direct exits lead."""

    key: BlockKey
    size: int
    before: int
    insn_count: int
    targets: tuple[BlockKey, ...]

    @classmethod
    def of(cls, block: Block) -> "Extent":
        """What a block of IR was made from."""
        targets = exit_targets(block.exit)
        return cls(block.key, block.size, block.before, block.insn_count, targets)

    @property
    def pages(self) -> range:
        """Numbers of the pages of its bytes, and of those in front that it depends on."""
        pc = self.key.pc
        return range((pc - self.before) // PAGE, (pc + max(1, self.size) - 1) // PAGE + 1)


class BlockIndex(Protocol):
    """The keys of installed blocks. Pages are page numbers."""

    def on_page(self, page: int) -> list[BlockKey]:
        """The blocks that depend on a page."""

    def at(self, pc: int) -> list[BlockKey]:
        """The blocks that begin at ``pc``, in any mode."""

    def across(self, pc: int) -> list[BlockKey]:
        """The blocks that hold ``pc`` but do not begin there."""

    def pages(self) -> list[int]:
        """All pages that blocks depend on."""

    def __contains__(self, key: BlockKey) -> bool: ...
    def __iter__(self) -> Iterator[BlockKey]: ...
    def __len__(self) -> int: ...


@attrs.frozen
class Made:
    """Numbers of blocks and of the guest instructions that they count."""

    blocks: int = 0
    insns: int = 0


@attrs.frozen
class HostCode:
    """A function of the host's code: what made it (``copy``, ``unit``, ``region``, ``loop``), the
    key of the block that it begins with, and where it is. Code that belongs to no block has a name
    in place of a key."""

    tier: str
    name: str
    key: BlockKey | None
    address: int
    size: int


ReportCode = Callable[[HostCode, int], None]
"""Is told of code, and of a time, of ``time.monotonic_ns``, before which it did not run and since
which no other code was in its place."""


class TablesFull(Exception):
    """An executor has no room for another block. After others are discarded it has."""


def return_hits(hit: HookHit | SyscallHit) -> bool:
    """``Executor.on_hit`` until one is set: each event is returned."""
    del hit
    return False


class Executor(Protocol):
    """Runs installed blocks. Not thread safe, but ``apply`` may be called while ``run`` runs."""

    fuel: int
    """Number of guest instructions that may still be executed. ``run`` subtracts exactly those that
    it executes. A function that ``invoke`` calls may set it to 0: then ``run`` returns at the next
    block that counts instructions."""

    fuel_address: int
    """The host address of ``fuel`` while ``run`` runs, a number of 64 bits; 0 if it has none, and
    then ``decision`` returns 0."""
    on_hit: Callable[[HookHit | SyscallHit], bool]
    """``run`` calls this with each HookHit and SyscallHit, when all is as if it had returned that.
    True: it continues at the event's key as if it was called again; False: it returns the event."""

    def decision(self, module: ModuleType, name: str = "decide") -> int:
        """The address of a compiled function that decides what an arrival means, on the arrays at
        ``numbers`` (``dbt/hooks/follow/decisions.py`` is the module); 0 if nothing is compiled.

        ``void decide(i64 environment, i64 numbers, i64 what, i64 counted)``, for ``invoke``, does
        what ``arrived`` does, and calls ``void (i64 what, i64 counted)`` at ASK_AT if that returns
        anything but 0. ``void access(i64 environment, i64 numbers, i64 what, i64 address, i64
        value)`` does what ``accessed`` does, and makes that call with TAKE in place of ``what``.
        ``i64 keep(i64 numbers, i64 what)`` does what ``kept`` does, and returns ANSWER.

        ``i64 expand(i64 numbers)`` is the function of that name of ``dbt/hooks/follow/rows.py``, on
        the arrays whose addresses ``numbers`` has; so is ``fold`` of ``sums.py``."""

    def depth_keeper(self, module: ModuleType, numbers: int) -> Callable[[int], int] | None:
        """``keep`` of ``decision`` with these ``numbers``, as a function of Python that takes
        ``what``; None where ``decision`` returns 0."""

    @property
    def index(self) -> BlockIndex:
        """The installed blocks."""

    autonomous: bool
    """True while ``run`` may itself make what ``translate`` would make, except blocks that begin at
    a boundary. It sets the CODE bit of their pages."""

    @property
    def made(self) -> Made:
        """What ``run`` has made itself since the executor was opened."""

    def set_boundary(self, pc: int, *, present: bool) -> None:
        """Say whether blocks have to begin at ``pc``. May be called while ``run`` runs."""

    def install(self, block: Block) -> None:
        """Take over an optimised, verified block, in place of an older one with the same key.
        Raises TablesFull."""

    def translate(
        self,
        key: BlockKey,
        boundaries: Collection[int],
        make: Callable[[BlockKey, int], Block],
        rewritten: Rewritten | None = None,
    ) -> Extent | None:
        """Install the guest's own block at a key, instrumented by ``Context.passes``, made without
        IR, if this executor can do that. ``rewritten``: what passes have made of it, if there are
        some that have to see it.
        Its first instruction can be fetched, and it ends before a pc in ``boundaries``. Returns
        what it was made from, or None: then it has to be installed. ``make`` returns the block of
        so many bytes at a key, should it be needed later. Raises TablesFull."""

    def discard(self, keys: Iterable[BlockKey]) -> None:
        """Drop translations and unlink every edge into them. Unknown keys are ignored."""

    def clear(self) -> None:
        """Drop all translations."""

    def run(self, key: BlockKey) -> Event:
        """Execute from ``key`` on until something needs Python. Returns what. Raises TablesFull
        before anything is executed."""

    def apply(self, rules: LinkRules, changed: Collection[int] | None = None) -> None:
        """Obey new rules from the next edge on, and unlink what they no longer permit. If another
        thread runs code that might take such an edge, this waits until its ``run`` has returned.

        ``changed``: the only pcs that ``permits`` may have changed its answer for since the last
        call, with the same kinds and the same ``exact``; None: anything may be new."""

    def watch(self, pcs: Collection[int], changed: Collection[int] | None = None) -> None:
        """From the next edge on, return WatchHit in place of entering a block at one of these pcs,
        and let nothing chain into them (a dispatch counts as ``denied``). Exempt are blocks whose
        condition has been tested or whose hook has run (CONDITION_PASSED, HOOKED), and the block
        that ``run`` is called with. ``changed``: the only pcs of which it is new whether they are
        in ``pcs``; None: any."""

    def probe(self, pcs: Collection[int] | None, changed: Collection[int] | None = None) -> None:
        """Set probes: blocks at these pcs return WatchHit when they begin, and links stay
        as they are (a dispatch counts as ``hook``). Every block that is installed while ``pcs`` is
        not None tests its probe; one that was installed before does not. The same entries are
        exempt as in ``watch``. ``changed`` as there."""

    def dispatches(self) -> Mapping[Reason, int]:
        """Exact numbers of returns to the dispatcher since the executor was opened, by reason."""

    def statistics(self) -> Mapping[str, int]:
        """Further figures by name: blocks and bytes per tier, links made, compile time in µs."""

    def explain(self, key: BlockKey) -> Mapping[str, str]:
        """The text of one block after each stage of this backend, by the stage's name, such as
        ``copied``, ``llvm``, ``out_asm``."""

    def forking(self) -> AbstractContextManager[None]:
        """A context in which no other thread changes this executor, and this thread may fork: it
        works in the child, too."""

    def code(self) -> Iterable[HostCode]:
        """The host code there is; none while ``run`` is called in another thread."""

    def follow_code(self, report: ReportCode) -> None:
        """Report all code there is, and from now on what is made, before other code takes its
        place and before ``run`` returns."""

    def keep(self) -> None:
        """Keep for later runs what they can use of what was made. ``close`` does so, too."""

    def close(self) -> None:
        """Release code and tables. The executor must not be used afterwards."""


class Backend(Protocol):
    """Opens executors. It is found by entry point, group ``dbt.backends``, and constructed without
    arguments."""

    name: str

    def open(self, context: Context) -> Executor:
        """Open an executor for one process. Raises UsageError for options it cannot serve."""

    def kept(self) -> Iterable[str]:
        """Paths of the files that this backend keeps for later runs. Any may be removed."""
