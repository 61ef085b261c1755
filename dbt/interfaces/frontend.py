"""The protocol of a frontend."""

from collections.abc import Collection, Iterable, Mapping

from dbt.classes import attrs
from dbt.interfaces.calling import Calling
from dbt.ir.banks import State
from dbt.ir.block import Block, BlockKey
from dbt.ir.layout import CallAbi, Layout
from dbt.typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from dbt.syscalls import SyscallAbi


class CodeReader(Protocol):
    """A source of guest code: guest memory, or other bytes."""

    def fetch(self, address: int, size: int) -> bytes:
        """The bytes to decode at ``address``. Raises GuestFault when they are not executable."""


@attrs.frozen
class Encoding:
    """How instructions are encoded in one state of the guest."""

    mode: int
    """The mode bit of that state; 0 in the first state of a frontend."""
    location_bit: int
    """The bit of locations that ``mode`` is; the pc is the location without it."""
    alignment: int
    """The size of the shortest instruction. A power of 2: every pc is a multiple of it."""
    index: int
    """A mask of bits of an instruction's number that lifting always asks for first."""
    wide_from: int = 0
    wide_index: int = 0
    """If it is not 0, the mask for instructions whose bits of ``index`` are ``wide_from`` or more.
    Lifting asks for these bits next."""

    def index_of(self, word: int) -> int:
        """The mask for an instruction, by its number."""
        wide = self.wide_index and word & self.index >= self.wide_from
        return self.wide_index if wide else self.index


class InstructionReader(Protocol):
    """Reads from one instruction what ground truth needs to know (``dbt/experiments/truth``).

    It shares no code with lifting and hooks, which ground truth judges. An instruction is given as
    the number that its bytes are, little-endian.
    """

    def is_call(self, word: int) -> bool:
        """True when it is a call instruction, whether or not its condition holds."""

    def moves_stack(self, word: int) -> bool:
        """True when whatever it writes to the stack pointer is computed from the stack pointer."""

    def loads_stack(self, word: int) -> bool:
        """True when it loads the stack pointer from memory."""

    def always_sets_stack(self, word: int) -> bool:
        """True when it writes to the stack pointer in every state of the guest, and the value is
        not computed from the stack pointer."""


class Frontend(Protocol):
    """Lifts guest code. It is found by entry point, group ``dbt.frontends``, and constructed
    without arguments."""

    name: str
    layout: Layout
    max_insns: int
    """Most instructions in a block."""
    insn_sizes: tuple[int, ...]
    """The sizes that an instruction may have in any mode, in bytes, longest first."""
    call_abi: CallAbi
    calling: Calling
    host_locations: range
    """Locations, in steps of an instruction, at which no program has code: the host puts the
    trampolines of hooks there."""
    host_tables: range
    """Addresses, whole pages, at which no program has memory: the host puts tables there that
    translated code reads."""

    def sizes_in(self, mode: int) -> tuple[int, ...]:
        """Those of ``insn_sizes`` that an instruction may have in code of a mode."""

    def breakpoint_in(self, mode: int) -> bytes:
        """The bytes of an instruction that ends its block with ``Halt(HALT_BREAKPOINT)``, in code
        of a mode, whatever its condition."""

    def key_of(self, location: int) -> BlockKey:
        """The key of the block at an indirect location (ARM: bit 0 is Thumb)."""

    def location_of(self, key: BlockKey) -> int:
        """The location of a key: the inverse of ``key_of``. The generic mode bits, and those that
        ``in_state`` adds, are not in a location."""

    def in_state(self, key: BlockKey, state: State) -> BlockKey:
        """The key with those mode bits as the guest's state has them that are in no location (ARM:
        the byte order of data, ITSTATE). While such bits are set behind a computed jump, translated
        code cannot follow it, because it finds blocks by location. The frontend then lifts the jump
        so that it writes the location to the slot JUMP_SLOT and ends in ``Halt(HALT_JUMP)``."""

    def known_slots(self, key: BlockKey) -> Mapping[str, int]:
        """What slots of integers hold wherever the block at a key begins: ``in_state`` has found it
        there, or the code that leads there has written it (ARM: ITSTATE in Thumb state, which is 0
        outside of IT blocks)."""

    word_bits: int
    """Bits of the longest instruction, and of the number that ``lift_one`` is given for its
    bytes."""
    encodings: tuple[Encoding, ...]
    """How instructions are encoded in each state of the guest: one, without mode, or two."""
    changing: int
    """A mask of mode bits that differ from instruction to instruction of a block (ARM: ITSTATE).
    ``lift_one`` is given them in the number, from bit ``word_bits`` on, in place of the key."""

    def sources(self) -> Iterable[str]:
        """The paths of the files that lifting depends on."""

    def lift_one(self, key: BlockKey, word: Any, before: Any) -> tuple[Block, bool]:
        """Lift the instruction at a key from its bytes as a little-endian number with ``changing``,
        and ``before``, the ``word_bits`` in front of it as a number without, or 0 where they cannot
        be fetched. What is behind a shorter instruction does not matter. Returns a block of that
        instruction, and whether it ends blocks. The numbers and ``key.pc`` may be
        ``dbt.ir.symbolic.Number``."""

    def lift(self, code: CodeReader, key: BlockKey, boundaries: Collection[int] = ()) -> Block:
        """Lift one block. It ends at an exit, after ``max_insns`` instructions, at the end of a
        page, before a pc in ``boundaries`` and before a pc that cannot be fetched. Its last
        instruction may cross the end of the page. ``Block.before`` is the number of bytes in
        front of the block that its meaning depends on. Raises GuestFault when the first instruction
        cannot be fetched."""

    def disassemble(self, code: CodeReader, pc: int, mode: int = 0) -> str:
        """The text of one instruction."""

    def listing(self, code: CodeReader, key: BlockKey, size: int) -> Iterable[tuple[int, str]]:
        """The pc and the text of each instruction of a block of so many bytes. Raises GuestFault
        when they cannot be fetched."""

    def syscall_abi(self, cpu: str = "") -> "SyscallAbi":
        """What Linux does differently on this guest's architecture. ``cpu`` is the processor that
        the guest is told of; empty: that which has all that runs. Raises UsageError."""

    def instruction_reader(self, mode: int) -> InstructionReader:
        """What ground truth knows of this guest's instructions in a mode."""
