"""Whether a stencil without checks can be left at each of its accesses to guest memory.

The handler of a refused access leaves the code for the evaluator, which repeats the instruction. Up
to its last access a stencil must therefore have changed nothing but guest memory and scratch
registers: no slot of the state, no register that stencils hand on. What LLVM has made is read to
know that.
"""

from collections.abc import Container, Sequence
from typing import Any

GUEST = "rsi"
"""The register of the host (x86-64) with the host address of guest memory."""
_HANDED_ON = frozenset({"rdi", "rsi", "r8", "rsp", "rbp"})
"""Of the host: the state, guest memory and fuel (``preserve_nonecc``); what the caller keeps."""

_STACK = {"rsp", "rbp"}
"""Nothing may be put there: it could be the address of guest memory."""


def is_restartable(code: bytes, patched: Container[int] = ()) -> bool:
    """Whether the code of a stencil changes nothing before its last access to guest memory, on any
    way through it. ``patched``: offsets of what is patched; a jump there leaves the stencil."""
    instructions = list(_disassembler().disasm(code, 0))
    if sum(len(insn.bytes) for insn in instructions) != len(code):
        return False
    guest, accesses = {GUEST}, set()
    for insn in instructions:
        if _is_fence(insn):
            continue
        if _jumps_back(insn) or _uses(insn, _STACK):
            return False
        if _uses(insn, guest):
            if _address(insn):
                accesses.add(insn.address)
            else:  # a sum with the address of guest memory
                guest |= _written(insn)
    comes = _access_comes(instructions, accesses, patched)
    return not any(
        comes[insn.address] and not _changes_nothing(insn, guest) for insn in instructions
    )


def _access_comes(
    instructions: Sequence[Any], accesses: Container[int], patched: Container[int]
) -> dict[int, bool]:
    """By address, whether an instruction is an access or one comes behind it. All jumps lead
    forward."""
    import capstone

    comes: dict[int, bool] = {}
    behind = False
    for insn in reversed(instructions):
        if insn.group(capstone.CS_GRP_JUMP):
            leads = False
            leaves = insn.address + len(insn.bytes) - 4 in patched
            if insn.group(capstone.CS_GRP_BRANCH_RELATIVE) and not leaves:
                leads = comes.get(insn.operands[0].imm, False)
            behind = leads or (insn.mnemonic != "jmp" and behind)
        elif insn.group(capstone.CS_GRP_RET):
            behind = False
        behind = behind or insn.address in accesses
        comes[insn.address] = behind
    return comes


def uses_stack(code: bytes) -> bool:
    """Whether the code of a stencil uses the host's stack: it cannot be left amid then."""
    instructions = list(_disassembler().disasm(code, 0))
    whole = sum(len(insn.bytes) for insn in instructions) == len(code)
    return not whole or any(_uses(insn, _STACK) or _written(insn) & _STACK for insn in instructions)


def _disassembler() -> Any:
    import capstone

    disassembler = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    disassembler.detail = True
    return disassembler


def _jumps_back(insn: Any) -> bool:
    import capstone

    if not insn.group(capstone.CS_GRP_BRANCH_RELATIVE):
        return False
    target = insn.operands[0].imm
    return bool(target < insn.address + insn.size)


def _is_fence(insn: Any) -> bool:
    """Whether an instruction is a fence (``atomic_text.fence_text``): it writes nothing new."""
    return bool(insn.mnemonic == "lock or" and insn.op_str == "dword ptr [rsp], 0")


def _address(insn: Any) -> Any:
    """The operand in memory that an instruction accesses, or None."""
    import capstone.x86

    if insn.mnemonic in ("lea", "nop"):
        return None
    return next((o for o in insn.operands if o.type == capstone.x86.X86_OP_MEM), None)


def _uses(insn: Any, registers: set[str]) -> bool:
    """Whether an instruction reads one of these registers; of one that accesses memory, as a part
    of the address."""
    operand = _address(insn)
    if operand is not None:
        named = {insn.reg_name(operand.mem.base), insn.reg_name(operand.mem.index)}
        return bool({_whole(name) for name in named if name} & registers)
    return bool({_whole(insn.reg_name(r)) for r in insn.regs_access()[0]} & registers)


def _written(insn: Any) -> set[str]:
    return {_whole(insn.reg_name(register)) for register in insn.regs_access()[1]}


def _changes_nothing(insn: Any, guest: set[str]) -> bool:
    import capstone.x86

    if _is_fence(insn):
        return True
    if _written(insn) & _HANDED_ON:
        return False
    operand = _address(insn)
    if operand is None or _uses(insn, guest):
        return True
    # Capstone calls stores of vector registers reads. What is written comes first.
    is_first = len(insn.operands) > 1 and insn.operands[0].type == capstone.x86.X86_OP_MEM
    is_store = is_first and insn.mnemonic not in _COMPARISONS
    return not (is_store or operand.access & capstone.CS_AC_WRITE)


_COMPARISONS = frozenset({"cmp", "test", "bt"})
"""Instructions that only read their first operand."""


_LETTERS = {"a": "rax", "b": "rbx", "c": "rcx", "d": "rdx"}


def _whole(name: str) -> str:
    """The 64-bit register that a part of it belongs to."""
    if name[0] == "r" and name[1:2].isdigit():
        return name.rstrip("dwb")
    if len(name) == 2 and name[0] in _LETTERS and name[1] in "lhx":
        return _LETTERS[name[0]]
    if name[0] == "e" and len(name) == 3 and name != "eip":
        return "r" + name[1:]
    return "r" + name.rstrip("l") if name in _PARTS else name


_PARTS = frozenset({"si", "di", "bp", "sp", "sil", "dil", "bpl", "spl"})
