"""Writes blocks as text, which ``dbt/ir/parser.py`` reads.

    block 0x8000 size 8 {
      insn 0x8000 4
      %0:i32 = get r1
      %1:i32 = add %0, 0x4
      %2:i1 = eq %1, 0x0
      %3:i8 = load %1 when %2
      store %1, 0x5:i8
      set r1 %1
      branch %2, 0x8010@0x1, 0x8004
    }

Values are numbered in order. A literal without a type is i32. Immediates come before operands;
a name that is no plain word is quoted. ``size 0`` is left out; ``;`` starts a comment.
"""

import json
import re

from dbt.ir.block import (
    Block,
    BlockKey,
    Branch,
    Call,
    Const,
    Exit,
    Goto,
    Halt,
    Hook,
    Inst,
    Jump,
    Return,
    Swi,
    Value,
)
from dbt.ir.types import I32

IR_VERSION = 1
"""Version of the textual form; a file may open with the line ``ir 1``."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_RESERVED = frozenset({"when"})


def name_text(name: str) -> str:
    """A name as text: bare when it is a plain word, else quoted."""
    if not isinstance(name, str):
        return "?"
    plain = _WORD.fullmatch(name) and name not in _RESERVED
    return name if plain else json.dumps(name)


def print_block(block: Block) -> str:
    """The text of one block, ending in a newline."""
    return "\n".join(block_lines(block)) + "\n"


def block_lines(block: Block) -> list[str]:
    """The lines of one block: the head, one per instruction, the exit, the closing brace."""
    printer = BlockPrinter(block)
    size = f" size {block.size}" if block.size else ""
    lines = [f"block {key_text(block.key)}{size} {{"]
    lines += ["  " + printer.inst(inst) for inst in block.insts]
    lines += ["  " + printer.exit(block.exit), "}"]
    return lines


def number_text(number: object) -> str:
    """A number as text. Other objects, which a block that breaks the law may have in its place, are
    shown as Python shows them."""
    return f"{number:#x}" if isinstance(number, int) else repr(number)


def key_text(key: object) -> str:
    """A block key as text; other objects as in ``number_text``."""
    sound = isinstance(key, BlockKey) and isinstance(key.pc, int) and isinstance(key.mode, int)
    return str(key) if sound else repr(key)


class BlockPrinter:
    """Numbers the values of a block, and writes the instructions that use them."""

    def __init__(self, block: Block) -> None:
        values = [inst for inst in block.insts if inst.type is not None]
        self._numbers = {inst: number for number, inst in enumerate(values)}

    def value(self, value: Value) -> str:
        """``%3``, ``0x10``, ``0x1:i8``; a value from nowhere is ``%?``, what is none ``?``."""
        if isinstance(value, Const):
            suffix = "" if value.type is I32 else f":{value.type}"
            return f"{number_text(value.value)}{suffix}"
        if not isinstance(value, Inst):
            return "?"
        number = self._numbers.get(value)
        return "%?" if number is None else f"%{number}"

    def inst(self, inst: Inst) -> str:
        """One instruction, without indentation."""
        head = f"{self.value(inst)}:{inst.type} = " if inst.type is not None else ""
        words = [inst.op.name, *(self._imm(inst, i) for i in range(len(inst.imm)))]
        if inst.args:
            words.append(", ".join(map(self.value, inst.args)))
        if inst.when is not None:
            words.append(f"when {self.value(inst.when)}")
        return head + " ".join(words)

    def _imm(self, inst: Inst, index: int) -> str:
        imm = inst.imm[index]
        if isinstance(imm, str):
            return name_text(imm)
        return number_text(imm) if inst.op.imm[index : index + 1] == ("pc",) else str(imm)

    def exit(self, exit_: Exit) -> str:
        """The exit, without indentation."""
        match exit_:
            case Goto(target=target):
                return f"goto {key_text(target)}"
            case Branch(cond=cond, taken=taken, other=other):
                return f"branch {self.value(cond)}, {key_text(taken)}, {key_text(other)}"
            case Jump(target=value):
                return f"jump {self.value(value)}"
            case Call(target=target, link=link):
                return f"call {self._call_target(target)}, link {number_text(link)}"
            case Return(target=value):
                return f"return {self.value(value)}"
            case Swi(number=number, resume=resume):
                return f"swi {number_text(number)}, {key_text(resume)}"
            case Hook(resume=resume):
                return f"hook {key_text(resume)}"
            case Halt(reason=reason, pc=pc):
                return f"halt {name_text(reason)} {number_text(pc)}"
        return "?"

    def _call_target(self, target: BlockKey | Value) -> str:
        if isinstance(target, Const):  # a constant location must not read as a key
            return f"{number_text(target.value)}:i32"
        return self.value(target) if isinstance(target, Inst) else key_text(target)
