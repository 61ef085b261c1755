"""Lifts blocks and single instructions. To import it takes some 30 ms; Thumb code takes more."""

from collections.abc import Collection, Iterator
from typing import Any

from dbt.interfaces import PAGE, CodeReader
from dbt.ir.block import HALT_JUMP, Block, BlockKey, Goto, Halt
from dbt.ir.builder import Builder
from dbt.stops import GuestFault
from frontends.arm.keys import FRONTEND_MODE, LEAVE, THUMB, is_simd, is_wide
from frontends.arm.lift import A32Lifter
from frontends.arm.lifter import Lifter, Refused

BEFORE = 4
"""How many bytes in front of an instruction its meaning may depend on."""


def lift(code: CodeReader, key: BlockKey, boundaries: Collection[int], most: int) -> Block:
    """Lift one block of at most so many instructions; see ``dbt.interfaces.Frontend``."""
    thumb = bool(key.mode & THUMB)
    if key.mode & LEAVE:
        return _unliftable(code, key, 2 if thumb else 4, HALT_JUMP)
    if key.pc & (1 if thumb else 3):
        return _unliftable(code, key, 4, "undefined")
    block = Block(key, [], Halt("undefined", key.pc))
    lifter = _lifter(block)
    read = _thumb_words(code, key.pc) if thumb else iter(_words(code, key.pc, most))
    before = _word_before(code, key.pc)
    lifter.previous = before
    for word, _ in zip(read, range(most), strict=False):
        lifter.size = _size(key, word)
        _lift_word(lifter, word)
        lifter.previous = in_front(lifter.previous or 0, word, lifter.size)
        lifter.pc = lifter.next_pc
        if lifter.exit is not None or lifter.pc in boundaries:
            break
    block.exit = lifter.exit or Goto(lifter.key)
    block.size = (lifter.pc - key.pc) & 0xFFFFFFFF
    if lifter.exit is not None and block.size == lifter.size and before is not None and key.pc:
        block.before = BEFORE  # it may tell what kind of jump this is
    return block


def lift_one(key: BlockKey, word: Any, before: Any) -> tuple[Block, bool]:
    """Lift one instruction from its word; see ``dbt.interfaces.Frontend``."""
    block = Block(key, [], Halt("undefined", key.pc))
    lifter = _lifter(block)
    lifter.take_changing(word)
    lifter.previous = before
    lifter.size = block.size = _size(key, word)
    _lift_word(lifter, word)
    block.exit = lifter.exit or Goto(lifter.next_key)
    return block, lifter.exit is not None


def in_front(before: Any, word: Any, size: int) -> Any:
    """The word in front of the next instruction, of that in front of this one and this one's."""
    return word if size == 4 else before >> 16 | (word & 0xFFFF) << 16


def _lifter(block: Block) -> Lifter:
    if not block.key.mode & THUMB:
        return A32Lifter(block)
    from frontends.arm.lift.thumb import T32Lifter  # few programs need it

    return T32Lifter(block)


def _size(key: BlockKey, word: Any) -> int:
    """The bytes of the instruction that a word begins with."""
    return 2 if key.mode & THUMB and not is_wide(word) else 4


def _unliftable(code: CodeReader, key: BlockKey, size: int, reason: str) -> Block:
    """A block of one instruction, which halts for ``reason``. Raises GuestFault when it cannot be
    fetched."""
    code.fetch(key.pc, size)
    block = Block(key, [], Halt(reason, key.pc), size)
    Builder(block.insts).insn(key.pc, size)
    return block


# -- reading code --------------------------------------------------------------------------------


def _words(code: CodeReader, pc: int, limit: int) -> memoryview:
    """The A32 words from ``pc`` to the end of its page, at most ``limit``, at least one.

    Raises GuestFault when the first cannot be fetched.
    """
    size = min(limit * 4, PAGE - pc % PAGE)
    try:
        data = code.fetch(pc, size)
    except GuestFault:
        data = _fetchable(code, pc, size, 4)
    return memoryview(data).cast("I")


def _thumb_words(code: CodeReader, pc: int) -> Iterator[int]:
    """A word for each instruction of Thumb code from ``pc`` to the end of its page, of which the
    last may cross it. The high half is 0 where the instruction has 16 bits.

    Raises GuestFault when the first cannot be fetched.
    """
    end = pc - pc % PAGE + PAGE
    try:
        data = code.fetch(pc, end - pc)
    except GuestFault:
        data = _fetchable(code, pc, end - pc, 2)
    at = 0
    while at < len(data):
        word = int.from_bytes(data[at : at + 2], "little")
        if is_wide(word):
            if at + 4 > len(data):
                try:
                    last = code.fetch((pc + at + 2) & 0xFFFFFFFF, 2)
                except GuestFault:
                    if at == 0:
                        raise
                    return
                data += last
            word |= int.from_bytes(data[at + 2 : at + 4], "little") << 16
            at += 2
        at += 2
        yield word


def _word_before(code: CodeReader, pc: int) -> int | None:
    """The word before ``pc``, or None when it cannot be fetched."""
    try:
        return int.from_bytes(code.fetch((pc - BEFORE) & 0xFFFFFFFF, BEFORE), "little")
    except GuestFault:
        return None


def _fetchable(code: CodeReader, pc: int, size: int, step: int) -> bytes:
    """The code up to what cannot be fetched. Raises GuestFault when that is the first."""
    data = [code.fetch(pc, step)]
    for address in range(pc + step, pc + size, step):
        try:
            data.append(code.fetch(address, step))
        except GuestFault:
            break
    return b"".join(data)


# -- one instruction -----------------------------------------------------------------------------


def _lift_word(lifter: Lifter, word: Any) -> None:
    """Lift the instruction at ``lifter.pc``: its mark, then its row's method."""
    ir, lifter.word = lifter.ir, word
    ir.insn(lifter.pc, lifter.size)
    start = len(ir.insts)
    simd = is_simd(word, bool(lifter.mode & THUMB))
    found = (lifter.simd_table() if simd else lifter.table).match(word)
    lifter.begin_instruction()
    try:
        if found is None:
            raise Refused
        (lifter.lift_simd if simd else lifter.lift_row)(*found)
    except Refused:
        del ir.insts[start:]
        _lift_undefined(lifter)
    lifter.end_instruction()
    ir.when = None
    lifter.condition_passed = False
    lifter.mode &= FRONTEND_MODE


def _lift_undefined(lifter: Lifter) -> None:
    """Lift an undefined instruction. It is skipped if its condition fails, as on known CPUs."""
    lifter.ir.when = None
    lifter.exit = None
    lifter.begin_instruction()
    if not lifter.split_on_condition(lifter.condition):
        lifter.end(Halt("undefined", lifter.pc))
