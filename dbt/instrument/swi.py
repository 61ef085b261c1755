"""Look at system calls where they are made: in the IR of the block that ends in one.

swi-trace:
swi 0x0, 0x8008     =>    count swi
                          %0:i32 = get r7
                          push swi %0
                          swi 0x0, 0x8008

swi-trace{sites=true}:
swi 0x0, 0x8008     =>    count swi
                          %0:i32 = get r7
                          push swi %0
                          push swi-site 0x8008
                          swi 0x0, 0x8008

swi-filter{allow=4}:
swi 0x0, 0x8008     =>    %0:i32 = get r7
                          %1:i1 = ne %0, 0x4
                          trap_if swi-denied %1
                          swi 0x0, 0x8008
"""

import attrs

from dbt import choices
from dbt.interfaces import STACK_ENTRIES, Place
from dbt.ir.block import Block, Swi, Value
from dbt.ir.builder import Builder
from dbt.ir.types import I1
from dbt.passes.registry import register
from dbt.stops import UsageError
from dbt.syscalls import SyscallAbi
from dbt.typing import ClassVar, Protocol

STACK = "swi"
SITES = "swi-site"
DENIED = "swi-denied"


class RecordedStacks(Protocol):
    """``Process.stacks``."""

    def depth(self, name: str) -> int: ...
    def entry(self, name: str, index: int) -> int: ...


def _number(emit: Builder, abi: SyscallAbi, immediate: int) -> Value:
    fixed = abi.immediate_number(immediate)
    return emit.get(abi.number_slot) if fixed is None else emit.const(fixed)


def _bound(abi: SyscallAbi | None) -> SyscallAbi:
    if abi is None:
        raise UsageError("a system call pass works on a process, which tells it the convention")
    return abi


def _sites(given: object) -> bool:
    return choices.truth("sites", given)


@register("swi-trace")
@attrs.frozen
class SwiTrace:
    """Count system calls (counter ``swi``) and keep their numbers on side stack ``swi``.

    This needs no return to the dispatcher or Python. The stack holds the latest 65,536. With
    ``sites``, the address after each trap instruction is kept on a second stack; ``recorded`` reads
    both. A trap that is no system call is recorded too, with the number that its immediate names.
    """

    place: ClassVar[Place] = "exit"

    sites: bool = attrs.field(default=False, converter=_sites)
    abi: SyscallAbi | None = attrs.field(default=None, repr=False, metadata={"option": False})

    def bind(self, abi: SyscallAbi) -> "SwiTrace":
        """The pass for one guest's convention."""
        return attrs.evolve(self, abi=abi)

    def run(self, block: Block) -> None:
        """Record before the exit."""
        match block.exit:
            case Swi(number=immediate):
                emit = Builder(block.insts)
                emit.count("swi")
                emit.push(STACK, _number(emit, _bound(self.abi), immediate))
                if self.sites:
                    emit.push(SITES, emit.const(block.exit.resume.pc))


def recorded(stacks: RecordedStacks) -> list[tuple[int, int]]:
    """Number and site of each trap instruction that ``swi-trace{sites=true}`` kept, in order."""
    depth = min(stacks.depth(STACK), STACK_ENTRIES)
    first = stacks.depth(STACK) - depth
    return [(stacks.entry(STACK, i), stacks.entry(SITES, i)) for i in range(first, first + depth)]


def _allowed(given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        return tuple(part for part in given.split("+") if part)
    items = choices.several("allow", given)
    return tuple(
        one if isinstance(one, str) else str(choices.whole("a system call", one)) for one in items
    )


@register("swi-filter")
@attrs.frozen
class SwiFilter:
    """Stop the guest before a system call that is not in ``allow`` (names or numbers, ``a+b``)."""

    place: ClassVar[Place] = "exit"

    allow: tuple[str, ...] = attrs.field(default=(), converter=_allowed)
    abi: SyscallAbi | None = attrs.field(default=None, repr=False, metadata={"option": False})

    def bind(self, abi: SyscallAbi) -> "SwiFilter":
        """The pass for one guest's convention. Raises UsageError for a name it does not have."""
        bound = attrs.evolve(self, abi=abi)
        bound.numbers()
        return bound

    def numbers(self) -> list[int]:
        """The allowed numbers, sorted. Raises UsageError for an unknown name."""
        abi = _bound(self.abi)
        try:
            return sorted(
                int(item, 0) if item[0].isdigit() else abi.number_of(item) for item in self.allow
            )
        except KeyError as error:
            raise choices.unknown("system call", error.args[0], abi.names) from None
        except ValueError as error:
            raise UsageError(f"swi-filter: {error}") from None

    def run(self, block: Block) -> None:
        """Trap before the exit when the number matches none of the allowed ones."""
        match block.exit:
            case Swi(number=immediate):
                emit = Builder(block.insts)
                number = _number(emit, _bound(self.abi), immediate)
                denied: Value = emit.const(1, I1)
                for allowed in self.numbers():
                    denied = emit.and_(denied, emit.ne(number, allowed))
                emit.trap_if(denied, DENIED)
