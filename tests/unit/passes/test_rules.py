"""Every peephole rule is proved: for all operands of small widths, and on samples of 32 bits."""

import itertools
import operator
from collections.abc import Callable
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.strategies import values

from dbt.ir.evaluate import PURE, evaluate_pure
from dbt.ir.ops import OPS
from dbt.ir.types import I1, I8, I32, INTEGERS, Type
from dbt.passes.peephole import RULES
from dbt.passes.rules import FLAG_NAMES, LITERALS, Leaf, Node, Pattern, Rule, parse_rules

WIDENING = {"zext", "sext", "trunc"}


def _ops(pattern: Pattern) -> set[str]:
    if isinstance(pattern, Leaf):
        return set()
    return {pattern.op.name}.union(*map(_ops, pattern.args))


def _names(pattern: Pattern) -> list[str]:
    if isinstance(pattern, Leaf):
        return [] if pattern.name in LITERALS else [pattern.name]
    return sorted(set(itertools.chain.from_iterable(map(_names, pattern.args))))


Function: TypeAlias = Callable[[tuple[int, ...]], int]


def _function(pattern: Pattern, names: list[str], width: Type, wanted: Type) -> Function:
    """A pattern as a function of its names' values; its result has type ``wanted``."""
    if isinstance(pattern, Leaf):
        if pattern.name in LITERALS:
            constant = LITERALS[pattern.name](wanted)
            return lambda row: constant
        return operator.itemgetter(names.index(pattern.name))
    op = pattern.op
    types = [_type(letter, pattern, width) for letter in op.args]
    if op.name == "zext":
        types = [I1]
    pairs = zip(pattern.args, types, strict=True)
    parts = [_function(arg, names, width, type_) for arg, type_ in pairs]
    compute, mask = PURE[op], wanted.mask
    operand = types[1 if op.name == "select" else 0]
    match parts:
        case [f]:
            return lambda row: compute(operand, f(row)) & mask
        case [f, g]:
            return lambda row: compute(operand, f(row), g(row)) & mask
        case [f, g, h]:
            return lambda row: compute(operand, f(row), g(row), h(row)) & mask
    raise AssertionError(op)


def _type(letter: str, node: Node, width: Type) -> Type:
    """The type of an operand: i1 when a sibling is one, else the width at hand."""
    siblings = [a for a, kind in zip(node.args, node.op.args, strict=True) if kind == "T"]
    flags = any(_is_flag(sibling) for sibling in siblings)
    return I1 if letter == "i1" or flags else width


def _is_flag(pattern: Pattern) -> bool:
    if isinstance(pattern, Leaf):
        return pattern.name in FLAG_NAMES
    if pattern.op.result == "T":
        operands = zip(pattern.args, pattern.op.args, strict=True)
        return any(_is_flag(arg) for arg, kind in operands if kind == "T")
    return pattern.op.result == "i1"


def _sides(rule: Rule, width: Type) -> tuple[Function, Function]:
    """Both sides of a rule as functions."""
    result = I1 if _is_flag(rule.left) or _is_flag(rule.right) else width
    names = _names(rule.left)
    left = _function(rule.left, names, width, result)
    return left, _function(rule.right, names, width, result)


def _counterexample(rule: Rule, width: Type) -> tuple[int, ...] | None:
    left, right = _sides(rule, width)
    rows = itertools.product(*_domains(rule, width))
    return next((row for row in rows if left(row) != right(row)), None)


def _domains(rule: Rule, width: Type) -> list[range]:
    return [range(2 if name in FLAG_NAMES else 1 << width.bits) for name in _names(rule.left)]


PROVED = [rule for rule in RULES if not _ops(rule.left) & (WIDENING - {"zext"})]
PROVED = [rule for rule in PROVED if "zext" not in _ops(rule.left) or "p" in _names(rule.left)]
RESIZING = [rule for rule in RULES if rule not in PROVED]


@pytest.mark.parametrize("rule", PROVED, ids=lambda rule: rule.text)
def test_rule_holds_for_all_operands(rule: Rule) -> None:
    wide = [name for name in _names(rule.left) if name not in FLAG_NAMES]
    for bits in (1, 2, 3, 5 if len(wide) > 2 else 8):
        width = I1 if bits == 1 else Type(f"i{bits}", bits)
        if "zext" in _ops(rule.left) and bits == 1:
            continue
        assert _counterexample(rule, width) is None, f"{_names(rule.left)} at {width}"


@settings(max_examples=30)
@given(st.data())
def test_rules_hold_at_32_bits(data: st.DataObject) -> None:
    drawn = {name: data.draw(values(I32)) for name in "xyzCD"}
    drawn |= {name: data.draw(values(I1)) for name in FLAG_NAMES}
    for rule in PROVED:
        left, right = _sides(rule, I32)
        row = tuple(drawn[name] for name in _names(rule.left))
        assert left(row) == right(row), rule.text


def test_a_wrong_rule_is_found_out() -> None:
    assert _counterexample(parse_rules("sub x y => sub y x")[0], I8) == (0, 1)
    assert _counterexample(parse_rules("eq p 0 => p")[0], I8) == (0,)


@pytest.mark.parametrize("rule", RESIZING, ids=lambda rule: rule.text)
def test_resizing_rule_holds(rule: Rule) -> None:
    inner = rule.left.args[0]
    assert isinstance(inner, Node)
    tried = 0
    for a, b, c in itertools.product(INTEGERS, repeat=3):
        fits = {"zext": a.bits < b.bits, "sext": a.bits < b.bits, "trunc": a.bits > b.bits}
        fits_out = {"zext": b.bits < c.bits, "sext": b.bits < c.bits, "trunc": b.bits > c.bits}
        if not fits[inner.op.name] or not fits_out[rule.left.op.name]:
            continue
        if isinstance(rule.right, Leaf) and c is not a:
            continue  # the type of the replacement must fit
        for value in (0, 1, a.mask, a.mask >> 1, (a.mask >> 1) + 1, 0x5A & a.mask):
            left = evaluate_pure(inner.op, b, [value], [a])
            left = evaluate_pure(rule.left.op, c, [left], [b])
            right = value
            if isinstance(rule.right, Node):
                right = evaluate_pure(rule.right.op, c, [value], [a])
            assert left == right, (rule.text, a, b, c, value)
            tried += 1
    assert tried


def test_every_rule_is_tried_by_one_test_or_the_other() -> None:
    assert len(PROVED) + len(RESIZING) == len(RULES) > 80
    assert {rule.left.op.name for rule in RESIZING} == WIDENING


@pytest.mark.parametrize(
    "text", ["add x 0", "x => 0", "add x => x", "frob x => x", "add x (y z) => x"]
)
def test_text_that_is_no_rule(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (any will do)
        parse_rules(text)


def test_rules_name_known_ops() -> None:
    assert all(name in OPS for rule in RULES for name in _ops(rule.left) | _ops(rule.right))
