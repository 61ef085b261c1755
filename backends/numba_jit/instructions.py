"""Single instructions of the guest, as the number that a frontend lifts (``Frontend.lift_one``)."""

from dbt.interfaces import InstructionLifter, Memory
from dbt.ir.block import BlockKey
from dbt.stops import GuestFault


def number_at(memory: Memory, lifter: InstructionLifter, key: BlockKey) -> int:
    """The number of the instruction at a key: its bytes, and what changes of the mode. Raises
    GuestFault."""
    return int.from_bytes(_code_at(memory, lifter, key), "little") | _changing(lifter, key)


def _code_at(memory: Memory, lifter: InstructionLifter, key: BlockKey) -> bytes:
    """The bytes of the longest instruction, or of the shortest where no longer one can be
    fetched."""
    try:
        return memory.fetch(key.pc, lifter.word_bits // 8)
    except GuestFault:
        return memory.fetch(key.pc, lifter.encodings[-1].alignment)


def _changing(lifter: InstructionLifter, key: BlockKey) -> int:
    mask = lifter.changing
    return (key.mode & mask) // (mask & -mask) << lifter.word_bits if mask else 0
