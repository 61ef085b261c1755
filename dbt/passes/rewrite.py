"""Replaces values in instructions and exits, for passes that walk down a block."""

from collections.abc import Mapping

from dbt.ir.block import Block, Branch, Call, Inst, Jump, Return, Value


def replace_operands(inst: Inst, replaced: Mapping[Value, Value]) -> None:
    """Give an instruction the replacements of its operands."""
    for arg in inst.args:
        if arg in replaced:
            inst.args = tuple([replaced.get(arg, arg) for arg in inst.args])
            break
    when = inst.when
    if when is not None:
        inst.when = replaced.get(when, when)


def replace_in_exit(block: Block, replaced: Mapping[Value, Value]) -> None:
    """Give the exit of a block the replacements of its operands."""
    match exit_ := block.exit:
        case Branch(cond=Inst() as value) if value in replaced:
            block.exit = Branch(replaced[value], exit_.taken, exit_.other)
        case Jump(target=Inst() as value) | Return(target=Inst() as value) if value in replaced:
            block.exit = type(exit_)(replaced[value])
        case Call(target=Inst() as value) if value in replaced:
            block.exit = Call(replaced[value], exit_.link)
