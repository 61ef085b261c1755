"""What the core asks of a frontend."""

from collections.abc import Collection
from typing import Any, Protocol

from dbt.ir.block import Block, BlockKey
from dbt.ir.layout import CallAbi, Layout
from dbt.ir.machine import State


class CodeReader(Protocol):
    """Guest code: ``Memory.fetch`` or any bytes at hand."""

    def fetch(self, address: int, size: int) -> bytes: ...


class InstructionReader(Protocol):
    """Reads from one instruction what ground truth needs to know (``dbt/experiments/truth``).

    It shares no code with lifting and hooks, which ground truth judges. An instruction is given as
    the number that its bytes are, little-endian.
    """

    def is_call(self, word: int) -> bool:
        """Whether it is a call instruction. Its condition may fail."""

    def moves_stack(self, word: int) -> bool:
        """Whether what it writes to the stack pointer, if anything, is computed from that."""

    def loads_stack(self, word: int) -> bool:
        """Whether it loads the stack pointer from memory."""

    def always_sets_stack(self, word: int) -> bool:
        """Whether it writes to the stack pointer, whatever the state of the guest, and not what is
        computed from it."""

    def address_of(self, location: int) -> int:
        """The address in a location, without the bits that are state."""


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
        """What knows this guest *and* Linux (``dbt/syscalls.py`` says what that is)."""

    def instruction_reader(self) -> InstructionReader:
        """What ground truth knows of this guest's instructions."""
