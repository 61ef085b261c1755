"""Lifts blocks and single instructions of A32 code. To import it takes some 30 ms."""

from collections.abc import Collection
from typing import Any

from dbt.interfaces import PAGE, CodeReader
from dbt.ir.block import CONDITION_PASSED, HALT_JUMP, Block, BlockKey, Branch, Exit, Goto, Halt
from dbt.ir.builder import Builder
from dbt.stops import GuestFault
from frontends.arm.conditions import AL, condition
from frontends.arm.encodings import A32
from frontends.arm.keys import FRONTEND_MODE, LEAVE, THUMB
from frontends.arm.lift import A32_METHODS, A32Lifter
from frontends.arm.lifter import Refused


def lift(code: CodeReader, key: BlockKey, boundaries: Collection[int], most: int) -> Block:
    """Lift one block of at most so many instructions; see ``dbt.interfaces.Frontend``."""
    if key.mode & LEAVE:
        return _unliftable(code, key, 4, HALT_JUMP)
    if key.mode & THUMB:
        return _unliftable(code, key, 2, "thumb")
    if key.pc & 3:
        return _unliftable(code, key, 4, "undefined")
    block = Block(key, [], Halt("undefined", key.pc))
    lifter = A32Lifter(block)
    words = _words(code, key.pc, most)
    lifter.previous = before = _word_before(code, key.pc)
    for word in words:
        lifter.word = word
        _lift_word(lifter)
        lifter.previous = word
        lifter.pc = lifter.next_pc
        if lifter.exit is not None:
            break
        if lifter.pc in boundaries:
            break
    block.exit = lifter.exit or Goto(BlockKey(lifter.pc, key.mode & FRONTEND_MODE))
    block.size = (lifter.pc - key.pc) & 0xFFFFFFFF
    if lifter.exit is not None and block.size == 4 and before is not None and key.pc:
        block.before = 4  # it may tell what kind of jump this is
    return block


def lift_one(key: BlockKey, word: Any, before: Any) -> tuple[Block, bool]:
    """Lift one instruction from its word; see ``dbt.interfaces.Frontend``."""
    block = Block(key, [], Halt("undefined", key.pc), 4)
    lifter = A32Lifter(block)
    lifter.word, lifter.previous = word, before
    _lift_word(lifter)
    block.exit = lifter.exit or Goto(lifter.next_key)
    return block, lifter.exit is not None


def _unliftable(code: CodeReader, key: BlockKey, size: int, reason: str) -> Block:
    """A block of one instruction, which halts for ``reason``. Raises GuestFault when it cannot be
    fetched."""
    code.fetch(key.pc, size)
    block = Block(key, [], Halt(reason, key.pc), size)
    Builder(block.insts).insn(key.pc, size)
    return block


def _words(code: CodeReader, pc: int, limit: int) -> memoryview:
    """The words from ``pc`` to the end of its page, at most ``limit``, at least one.

    Raises GuestFault when the first cannot be fetched.
    """
    size = min(limit * 4, PAGE - pc % PAGE)
    try:
        data = code.fetch(pc, size)
    except GuestFault:
        data = b"".join(_fetchable(code, pc, size))
    return memoryview(data).cast("I")


def _word_before(code: CodeReader, pc: int) -> int | None:
    """The word before ``pc``, or None when it cannot be fetched."""
    try:
        return int.from_bytes(code.fetch((pc - 4) & 0xFFFFFFFF, 4), "little")
    except GuestFault:
        return None


def _fetchable(code: CodeReader, pc: int, size: int) -> list[bytes]:
    """The words up to one that cannot be fetched. Raises GuestFault when that is the first."""
    data = [code.fetch(pc, 4)]
    for address in range(pc + 4, pc + size, 4):
        try:
            data.append(code.fetch(address, 4))
        except GuestFault:
            break
    return data


def _lift_word(lifter: A32Lifter) -> None:
    """Lift the instruction at ``lifter.pc``: its mark, then its row's method."""
    ir = lifter.ir
    ir.insn(lifter.pc, 4)
    start = len(ir.insts)
    found = A32.match(lifter.word)
    try:
        if found is None:
            raise Refused
        row, fields = found
        A32_METHODS[row.name](lifter, *fields)
    except Refused:
        del ir.insts[start:]
        lifter.exit = _undefined(lifter)
    ir.when = None
    lifter.condition_passed = False
    lifter.mode &= FRONTEND_MODE


def _undefined(lifter: A32Lifter) -> Exit:
    """Lift an undefined instruction. It is skipped if its condition fails, as on known CPUs."""
    lifter.ir.when = None
    cond = lifter.word >> 28
    if cond >= AL or lifter.condition_passed:
        return Halt("undefined", lifter.pc)
    taken = BlockKey(lifter.pc, lifter.mode | CONDITION_PASSED)
    return Branch(condition(lifter.ir, cond), taken, lifter.next_key)
