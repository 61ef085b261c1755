"""The ARM frontend: lifts guest bytes to blocks."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from dbt.decode import table
from dbt.interfaces import PAGE, CodeReader, InstructionReader, State
from dbt.ir import builder, ops, symbolic
from dbt.ir.block import CONDITION_PASSED, HALT_JUMP, Block, BlockKey, Branch, Exit, Goto, Halt
from dbt.ir.builder import Builder
from dbt.stops import GuestFault
from dbt.syscalls import SyscallAbi
from frontends.arm.conditions import AL, condition
from frontends.arm.encodings import A32
from frontends.arm.kuser import COMMPAGE
from frontends.arm.lacking import NO_THUMB, refusal
from frontends.arm.lift import A32_METHODS, A32Lifter
from frontends.arm.lifter import BIG, FRONTEND_MODE, LEAVE, THUMB, Refused, key_of, location_of
from frontends.arm.registers import CALL_ABI, LAYOUT


class ArmFrontend:
    """Lifts ARM code. ``max_insns`` is the most instructions in a block; an instance may have its
    own."""

    name = "arm"
    layout = LAYOUT
    insn_sizes = (4,)
    word_bits = 32
    word_index = A32.index
    alignment = 4
    call_abi = CALL_ABI
    breakpoint = bytes.fromhex("700020e1")  # BKPT #0, encoding A1 (manual, A8.8.24)
    host_locations = range(0xFFFF2000, 1 << 32, 4)  # behind the page of kernel helpers
    host_tables = range(0xFFFE0000, COMMPAGE)  # the kernel's part of the address space

    def __init__(self) -> None:
        self.max_insns = 64

    def key_of(self, location: int) -> BlockKey:
        """The key at a location: bit 0 is Thumb; in ARM state the low two bits are dropped."""
        return key_of(location)

    def in_state(self, key: BlockKey, state: State) -> BlockKey:
        """The key in the byte order that the guest is in (CPSR.E)."""
        if bool(key.mode & BIG) == bool(state.get("ef")) or key.mode & THUMB:
            return key
        return BlockKey(key.pc, key.mode ^ BIG)

    def location_of(self, key: BlockKey) -> int:
        """The location of a key, with the Thumb bit."""
        return location_of(key)

    def objection(self, key: BlockKey) -> str:
        """Why the key's code cannot be lifted: it is Thumb code. Empty for ARM code."""
        return refusal(*NO_THUMB) if key.mode & THUMB else ""

    def lift(self, code: CodeReader, key: BlockKey, boundaries: Collection[int] = ()) -> Block:
        """Lift one block; see ``dbt.interfaces.Frontend``."""
        if key.mode & LEAVE:
            return _unliftable(code, key, 4, HALT_JUMP)
        if key.mode & THUMB:
            return _unliftable(code, key, 2, "thumb")
        if key.pc & 3:
            return _unliftable(code, key, 4, "undefined")
        block = Block(key, [], Halt("undefined", key.pc))
        lifter = A32Lifter(block)
        words = _words(code, key.pc, self.max_insns)
        lifter.previous = before = _word_before(code, key.pc)
        for word in words:
            lifter.word = word
            _lift_one(lifter)
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

    def sources(self) -> list[Path]:
        """The files that lifting depends on."""
        here = Path(__file__).parent
        core = [Path(str(module.__file__)) for module in (symbolic, builder, ops, table)]
        return [*sorted(here.rglob("*.py")), *core]

    def lift_one(self, key: BlockKey, word: Any, before: Any) -> tuple[Block, bool]:
        """Lift one instruction from its word; see ``dbt.interfaces.Frontend``."""
        block = Block(key, [], Halt("undefined", key.pc), 4)
        lifter = A32Lifter(block)
        lifter.word, lifter.previous = word, before
        _lift_one(lifter)
        block.exit = lifter.exit or Goto(lifter.next_key)
        return block, lifter.exit is not None

    def disassemble(self, code: CodeReader, pc: int, mode: int = 0) -> str:
        """One instruction as capstone prints it: ``add r0, r1, #4``."""
        from frontends.arm.disasm import disassemble

        thumb = bool(mode & THUMB)
        try:
            data = code.fetch(pc, 4)
        except GuestFault:
            if not thumb:
                raise
            data = code.fetch(pc, 2)
        return disassemble(data, pc, thumb)

    def syscall_abi(self) -> SyscallAbi:
        """The system call interface of ARM programs."""
        from frontends.arm.linux_abi import ArmLinuxAbi

        return ArmLinuxAbi()

    def instruction_reader(self) -> InstructionReader:
        """The reader of A32 words."""
        from frontends.arm.instruction_reader import A32Reader

        return A32Reader()


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


def _lift_one(lifter: A32Lifter) -> None:
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
