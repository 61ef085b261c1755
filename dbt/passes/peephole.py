"""Replace computations by cheaper ones, according to the rules below.

%0:i32 = get r0                =>    %0:i32 = get r0
%1:i32 = get r1                      %1:i32 = get r1
%2:i32 = sub %0, %1                  %2:i32 = sub %0, %1
%3:i1 = eq %2, 0x0                   %3:i1 = eq %0, %1
set zf %3                            set zf %3

Each rule is proved in the tests: for all operands of 8 bits, or of 5 when it has three. An `and`
that only clears bits which are 0 anyway is left out, too.
"""

from collections.abc import Iterator
from typing import TypeAlias

from dbt.classes import attrs
from dbt.ir.block import Block, Const, Inst, Value
from dbt.ir.ops import AND, OPS, Op
from dbt.passes.const_fold import folded
from dbt.passes.possible_bits import possible_bits
from dbt.passes.registry import register
from dbt.passes.rewrite import replace_in_exit, replace_operands
from dbt.passes.rules import LITERALS, Node, Pattern, Rule, parse_rules

# The first rule that applies is taken, and its result looked at again.
RULES = parse_rules("""
    add C x  => add x C
    mul C x  => mul x C
    and C x  => and x C
    or C x   => or x C
    xor C x  => xor x C
    eq C x   => eq x C
    ne C x   => ne x C
    carry C x p     => carry x C p
    overflow C x p  => overflow x C p

    add x 0  => x
    add (add x C) D  => add x (add C D)
    add (sub x C) D  => add x (sub D C)
    add x (neg y)    => sub x y
    sub x 0  => x
    sub x x  => 0
    sub 0 x  => neg x
    sub (add x C) D  => add x (sub C D)
    sub (sub x C) D  => sub x (add C D)
    sub x (neg y)    => add x y
    neg (neg x)      => x
    neg (sub x y)    => sub y x
    mul x 0     => 0
    mul x 1     => x
    mul x ones  => neg x
    udiv x 1    => x
    sdiv x 1    => x

    and x 0     => 0
    and x ones  => x
    and x x     => x
    and x (not x)    => 0
    and (and x C) D  => and x (and C D)
    or x 0     => x
    or x ones  => ones
    or x x     => x
    or x (not x)    => ones
    or (or x C) D   => or x (or C D)
    xor x 0     => x
    xor x ones  => not x
    xor x x     => 0
    xor (xor x C) D  => xor x (xor C D)
    not (not x)      => x

    shl x 0  => x
    shr x 0  => x
    sar x 0  => x
    ror x 0  => x
    shr (shl x C) C  => and x (shr ones C)
    shl (shr x C) C  => and x (shl ones C)

    not (eq x y)   => ne x y
    not (ne x y)   => eq x y
    not (ult x y)  => ule y x
    not (ule x y)  => ult y x
    not (slt x y)  => sle y x
    not (sle x y)  => slt y x
    eq x x   => 1
    ne x x   => 0
    ult x x  => 0
    ule x x  => 1
    slt x x  => 0
    sle x x  => 1
    eq p 1   => p
    eq p 0   => not p
    ne p 0   => p
    ne p 1   => not p
    eq (sub x y) 0  => eq x y
    ne (sub x y) 0  => ne x y
    eq (add x C) 0  => eq x (neg C)
    ne (add x C) 0  => ne x (neg C)
    eq (xor x y) 0  => eq x y
    ne (xor x y) 0  => ne x y
    ult x 0  => 0
    ult x 1  => eq x 0
    ult 0 x  => ne x 0
    ule x 0  => eq x 0
    ule 0 x  => 1
    ule x ones  => 1
    ult ones x  => 0
    eq (zext p) 0  => not p
    eq (zext p) 1  => p
    ne (zext p) 0  => p
    ne (zext p) 1  => not p

    select 1 x y  => x
    select 0 x y  => y
    select p x x  => x
    select (not p) x y  => select p y x
    select p 1 0  => p
    select p 0 1  => not p
    select p q 0  => and p q
    select p 1 q  => or p q

    carry x 0 0     => 0
    carry x ones 1  => 1
    carry x C 1        => ule (not C) x
    carry x C 0        => ult (not C) x
    carry x (not y) 1  => ule y x
    overflow x 0 0     => 0
    overflow x ones 1  => 0
    eq (slt (sub x y) 0) (overflow x (not y) 1)  => sle y x
    eq (slt (sub x C) 0) (overflow x (not C) 1)  => sle C x
    ne (slt (sub x y) 0) (overflow x (not y) 1)  => slt x y
    ne (slt (sub x C) 0) (overflow x (not C) 1)  => slt x C
    and (ule x y) (ne x y)  => ult x y
    and (ule x y) (ne y x)  => ult x y
    and (ne x y) (sle x y)  => slt x y
    and (ne x y) (sle y x)  => slt y x
    or (ult x y) (eq x y)   => ule x y
    or (ult x y) (eq y x)   => ule x y

    trunc (zext x)  => x
    trunc (sext x)  => x
    trunc (trunc x) => trunc x
    zext (zext x)   => zext x
    sext (sext x)   => sext x
    sext (zext x)   => zext x
""")

_PURE = frozenset(op for op in OPS.values() if op.pure)

# What a rule's first level can tell of an operand: the op that computes it, or, of a constant,
# which literals it is.
_Kind: TypeAlias = Op | tuple[str, ...]
_Shape: TypeAlias = tuple[_Kind, ...]

_PLAIN: _Kind = ()
_ZERO: _Kind = ("0",)
_ONE: _Kind = ("1",)
_ONES: _Kind = ("ones",)
_TRUE: _Kind = ("1", "ones")  # an i1

# By an instruction's op and the kinds of its operands: the rules that may match.
_candidates: dict[_Shape, list[Rule]] = {}


def _kind(value: Value) -> _Kind:
    if type(value) is Inst:
        return value.op
    number = value.value  # type: ignore[union-attr]
    if number == 0:
        return _ZERO
    if number == value.type.mask:  # type: ignore[union-attr]
        return _TRUE if number == 1 else _ONES
    return _ONE if number == 1 else _PLAIN


def _possible(pattern: Pattern, kind: _Kind) -> bool:
    constant = isinstance(kind, tuple)
    if isinstance(pattern, Node):
        return pattern.constant if constant else pattern.op is kind
    if pattern.name in LITERALS:
        return isinstance(kind, tuple) and pattern.name in kind
    return constant or not pattern.constant


def _rules_for(shape: _Shape) -> Iterator[Rule]:
    kinds = shape[1:]
    for rule in RULES:
        args = rule.left.args
        if rule.left.op is not shape[0] or not all(map(_possible, args, kinds)):
            continue
        if len(args) > 1 and args[-1] == args[-2] and kinds[-1] != kinds[-2]:
            continue  # one name, two values
        if len(kinds) > 1 and isinstance(kinds[1], tuple) and _swaps(rule):
            continue  # two constants and an unknown third: swapping them would never end
        yield rule


def _swaps(rule: Rule) -> bool:
    """True when a rule only exchanges the first two operands."""
    left, right = rule.left, rule.right
    return isinstance(right, Node) and right.op is left.op and right.args[:2] == left.args[1::-1]


@register("peephole")
@attrs.frozen
class Peephole:
    """Apply the rewrite rules, down the block once."""

    def run(self, block: Block) -> None:
        """Walk down the block once. Values that are no longer used are left for dead-code."""
        replaced: dict[Value, Value] = {}
        out: list[Inst] = []
        for inst in block.insts:
            if replaced:
                replace_operands(inst, replaced)
            if inst.op in _PURE:
                value = simplified(inst, out)
                if value is inst and inst.op is AND and _clears_nothing(inst):
                    value = inst.args[0]
                if value is not inst:
                    replaced[inst] = value
                    continue
            out.append(inst)
        block.insts = out
        if replaced:
            replace_in_exit(block, replaced)


def _clears_nothing(inst: Inst) -> bool:
    """True for an ``and`` with a constant whose result is the other operand."""
    operand, mask = inst.args
    if not isinstance(mask, Const) or type(mask.value) is not int:
        return False
    return not possible_bits(operand) & ~mask.value


def simplified(inst: Inst, out: list[Inst]) -> Value:
    """The value that replaces an instruction, or the instruction. Appends new instructions to
    ``out``."""
    shape = (inst.op, *[_kind(arg) for arg in inst.args])
    rules = _candidates.get(shape)
    if rules is None:
        rules = _candidates[shape] = list(_rules_for(shape))
    if not rules:
        return inst
    if constant := folded(inst):
        return constant
    for rule in rules:
        bound = rule.match(inst)
        if bound is None:
            continue
        value = rule.make(inst, bound, out)
        if isinstance(value, Const) or (isinstance(value, Inst) and value.type is inst.type):
            return _again(value, out)
    return inst


def _again(value: Value, out: list[Inst]) -> Value:
    """Simplify a new replacement further: another rule may match it."""
    if isinstance(value, Const) or not out or out[-1] is not value:
        return value
    out.pop()
    better = simplified(value, out) if value.op in _PURE else value
    if better is value:
        out.append(value)
    return better


__all__ = ["RULES", "Node", "Peephole", "simplified"]
