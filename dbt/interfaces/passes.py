"""The protocols of a pass."""

from dbt.ir.block import Block, BlockKey
from dbt.typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    Protocol,
    TypeAlias,
    TypeGuard,
    runtime_checkable,
)

if TYPE_CHECKING:
    from dbt.syscalls import SyscallAbi


class Pass(Protocol):
    """One rewrite of blocks. The fields of its class, a frozen attrs class, are its options.

    A pass that needs more than blocks is also ``Bound``, ``Attached`` or both: ``bind`` is called
    first, then ``attach``, then ``run`` for each block that is translated.
    """

    def run(self, block: Block) -> None:
        """Change a block in place."""


Place: TypeAlias = Literal["head", "instruction", "exit"]
PLACES: tuple[Place, ...] = ("head", "instruction", "exit")


class Local(Protocol):
    """A pass that looks at one place of a block alone. Backends may run it on parts of blocks, once
    for all that are alike, and build what it adds into code that they keep; and in other threads
    than the guest's.

    ``head``: it adds to the front of a block, and looks at its key, or at the bytes that its
    ``insn`` marks span. It may be given a block with one mark for all of them.
    ``instruction``: it treats each instruction for itself. It may be given blocks of one.
    ``exit``: it adds to the end of a block, or changes the exit, and looks at the exit and the key.
    It may be given the block's last instruction alone.

    Numbers in such blocks may be ``dbt.ir.symbolic.Number``. Whoever formats them into names gets a
    name for each of their values. A pass that fails with them, or does something else than with
    ints, is run on whole blocks: it needs their hashes, say, or changes names afterwards.
    """

    place: ClassVar[Place]

    def run(self, block: Block) -> None:
        """See ``Pass``."""


class LoadsSafely(Protocol):
    """A ``Local`` pass whose loads cannot fault, whatever the guest does."""

    loads_safely: ClassVar[bool]


class AtHeads(Protocol):
    """A pass that adds to the front of blocks alone, if ``at_heads``, without being ``Local``: what
    a budget has cut is not counted a second time."""

    @property
    def at_heads(self) -> bool:
        """Whether it does."""


class Behind(Protocol):
    """A pass that adds code behind the last access of instructions alone, if ``adds_behind``. It is
    also run on an instruction that copied or compiled code has left to the evaluator in its
    midst."""

    @property
    def adds_behind(self) -> bool:
        """Whether it does."""


class Redirecting(Protocol):
    """A pass that does nothing but let direct exits lead elsewhere. Backends may do so where they
    link code that they have copied. No pass behind it may look at direct exits."""

    def redirect(self, target: BlockKey) -> BlockKey:
        """Where an exit is to lead that leads to ``target``: elsewhere only if that begins at a
        boundary."""

    def run(self, block: Block) -> None:
        """See ``Pass``."""


class Selective(Protocol):
    """A pass that leaves most blocks as they are."""

    def concerns(self, pc: int, end: int) -> bool:
        """False when it certainly does not change blocks from ``pc`` up to ``end``. It only changes
        those that begin at a boundary, or end at one."""

    def run(self, block: Block) -> None:
        """See ``Pass``."""


def is_local(pass_: Pass) -> TypeGuard[Local]:
    """Whether a pass is ``Local``. Asked at each event: ``isinstance`` would take microseconds."""
    return hasattr(pass_, "place")


def is_at_heads(pass_: Pass) -> bool:
    """Whether a pass adds to the front of blocks alone."""
    return getattr(pass_, "place", None) == "head" or getattr(pass_, "at_heads", False)


def is_selective(pass_: Pass) -> TypeGuard[Selective]:
    """Whether a pass is ``Selective``."""
    return hasattr(pass_, "concerns")


def loads_safely(pass_: Pass | Local) -> bool:
    """Whether a pass is ``LoadsSafely``."""
    return getattr(pass_, "loads_safely", False)


def adds_behind(pass_: Pass | Local) -> bool:
    """Whether a pass is ``Behind``."""
    return getattr(pass_, "adds_behind", False)


def is_redirecting(pass_: Pass) -> TypeGuard[Redirecting]:
    """Whether a pass is ``Redirecting``."""
    return hasattr(pass_, "redirect")


def sees_whole_blocks(pass_: Pass) -> bool:
    """Whether a pass is to be run on each block: it is of no other kind."""
    return not (is_local(pass_) or is_selective(pass_) or is_redirecting(pass_))


@runtime_checkable
class Bound(Protocol):
    """A pass that needs to know the numbers of system calls."""

    def bind(self, abi: "SyscallAbi") -> Pass:
        """Return the pass to run in place of this one, for a guest's system call interface. Called
        once, when the process is made. Raises UsageError for an option that names no system
        call."""


@runtime_checkable
class Attached(Protocol):
    """A pass that needs something of the process: counters, functions, symbols."""

    def attach(self, process: Any) -> None:
        """Take what the pass needs from the process (``dbt.Process``). Called once, before any code
        is translated. Raises UsageError when the pass belongs to another process already."""
