"""The definition of the pure ops, against numbers and against a second way to compute them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import values

from dbt.ir.evaluate import PURE, evaluate_block, evaluate_pure, signed
from dbt.ir.ops import OPS
from dbt.ir.parser import parse_block
from dbt.ir.types import F32, F64, I1, I8, I16, I32, I64, INTEGERS, TYPES, Type

# op, operand type, result type, operands, result: what a reader can check by hand
NUMBERS = [
    ("add", I8, I8, (0xFF, 2), 1),
    ("sub", I8, I8, (0, 1), 0xFF),
    ("mul", I8, I8, (0x80, 2), 0),
    ("mul", I32, I32, (0xFFFFFFFF, 0xFFFFFFFF), 1),
    ("udiv", I8, I8, (0xFF, 2), 0x7F),
    ("udiv", I8, I8, (5, 0), 0),
    ("sdiv", I8, I8, (0xF9, 2), 0xFD),  # -7 / 2 = -3
    ("sdiv", I8, I8, (0x80, 0xFF), 0x80),  # minimum / -1
    ("sdiv", I8, I8, (5, 0), 0),
    ("sdiv", I32, I32, (0xFFFFFFFF, 2), 0),
    ("not", I1, I1, (0,), 1),
    ("neg", I8, I8, (0x80,), 0x80),
    ("shl", I8, I8, (0x81, 1), 2),
    ("shl", I8, I8, (1, 8), 0),
    ("shl", I32, I32, (1, 0xFFFFFFFF), 0),
    ("shr", I8, I8, (0x80, 7), 1),
    ("shr", I8, I8, (0x80, 8), 0),
    ("sar", I8, I8, (0x80, 7), 0xFF),
    ("sar", I8, I8, (0x80, 200), 0xFF),
    ("sar", I8, I8, (0x7F, 200), 0),
    ("ror", I8, I8, (0x81, 1), 0xC0),
    ("ror", I8, I8, (0x81, 8), 0x81),
    ("ror", I8, I8, (0x81, 9), 0xC0),
    ("clz", I8, I8, (0,), 8),
    ("clz", I32, I32, (1,), 31),
    ("bswap", I32, I32, (0x11223344,), 0x44332211),
    ("rbit", I8, I8, (0b00010111,), 0b11101000),
    ("crc32", I32, I32, (~0x64636261 & 0xFFFFFFFF,), ~0xED82CD11 & 0xFFFFFFFF),  # of "abcd"
    ("crc32c", I32, I32, (~0x64636261 & 0xFFFFFFFF,), ~0x92C80A31 & 0xFFFFFFFF),
    ("ult", I8, I1, (0x7F, 0x80), 1),
    ("slt", I8, I1, (0x7F, 0x80), 0),
    ("sle", I8, I1, (0x80, 0x80), 1),
    ("select", I8, I8, (1, 3, 4), 3),
    ("select", I8, I8, (0, 3, 4), 4),
    ("carry", I8, I1, (0xFF, 0, 1), 1),
    ("carry", I8, I1, (0xFF, 0, 0), 0),
    ("overflow", I8, I1, (0x7F, 0, 1), 1),
    ("overflow", I8, I1, (0x80, 0xFF, 0), 1),
    ("overflow", I8, I1, (0x80, 0xFF, 1), 0),
    ("zext", I8, I32, (0x80,), 0x80),
    ("sext", I8, I32, (0x80,), 0xFFFFFF80),
    ("sext", I1, I8, (1,), 0xFF),
    ("bitcast", I32, F32, (0x12345678,), 0x12345678),
    ("fneg", F32, F32, (0x7F800001,), 0xFF800001),
    ("fneg", F64, F64, (1 << 63,), 0),
    ("fabs", F64, F64, (0xFFF0000000000001,), 0x7FF0000000000001),
    ("trunc", I32, I16, (0x12345678,), 0x5678),
]


def _types(op: str, operand: Type) -> list[Type]:
    letters = {"T": operand, "F": operand, "A": operand, "i1": I1}
    return [letters[letter] for letter in OPS[op].args]


@pytest.mark.parametrize(("op", "operand", "result", "args", "expected"), NUMBERS)
def test_numbers(
    op: str, operand: Type, result: Type, args: tuple[int, ...], expected: int
) -> None:
    assert evaluate_pure(OPS[op], result, args, _types(op, operand)) == expected


def test_every_pure_op_has_numbers() -> None:
    plain = {"and", "or", "xor", "eq", "ne", "ule"}
    assert {row[0] for row in NUMBERS} | plain == {op.name for op in PURE}


wide = st.sampled_from([I8, I16, I32, I64])


@given(st.data(), wide)
def test_carry_and_overflow_agree_with_wider_sums(data: st.DataObject, type_: Type) -> None:
    a, b, c = data.draw(values(type_)), data.draw(values(type_)), data.draw(values(I1))
    types = [type_, type_, I1]
    assert evaluate_pure(OPS["carry"], I1, [a, b, c], types) == (a + b + c > type_.mask)
    total = (a + b + c) & type_.mask
    sign = 1 << (type_.bits - 1)
    differs = (a ^ total) & (b ^ total) & sign
    assert evaluate_pure(OPS["overflow"], I1, [a, b, c], types) == bool(differs)


@given(st.data(), wide)
def test_division_is_the_inverse_of_multiplication(data: st.DataObject, type_: Type) -> None:
    a, b = data.draw(values(type_)), data.draw(values(type_).filter(bool))
    quotient = signed(evaluate_pure(OPS["sdiv"], type_, [a, b], [type_] * 2), type_)
    x, y = signed(a, type_), signed(b, type_)
    if (x, y) != (-(1 << (type_.bits - 1)), -1):
        rest = x - quotient * y
        assert abs(rest) < abs(y)
        assert rest == 0 or (rest < 0) == (x < 0)


@given(st.data(), st.sampled_from(INTEGERS))
def test_results_fit_their_type(data: st.DataObject, type_: Type) -> None:
    for op in PURE:
        if op.result == "R" or "F" in op.args or (op.name == "bswap" and type_.bits < 16):
            continue
        types = _types(op.name, type_)
        result = type_ if op.result == "T" else TYPES["i1"]
        args = [data.draw(values(t)) for t in types]
        assert 0 <= evaluate_pure(op, result, args, types) <= result.mask


class _Nothing:
    """State, memory, counters and stacks that must not be touched."""

    def __getattr__(self, name: str) -> None:
        raise AssertionError(f"{name} is called")


@pytest.mark.parametrize(
    ("key", "exit_", "completed"),
    [
        ("0x8000", "goto 0x8008", 2),
        ("0x8000@0x1", "goto 0x8008", 1),
        ("0x8000", "halt undefined 0x8004", 1),
    ],
)
def test_completed_instructions(key: str, exit_: str, completed: int) -> None:
    block = parse_block(f"block {key} {{\n insn 0x8000 4\n insn 0x8004 4\n {exit_}\n}}")
    nothing = _Nothing()
    outcome = evaluate_block(block, nothing, nothing, nothing, nothing)  # type: ignore[arg-type]
    assert outcome.completed == completed == block.insn_count


def test_branch_says_which_side_it_took() -> None:
    nothing = _Nothing()
    for cond, side in ((1, 0), (0, 1)):
        block = parse_block(f"block 0x0 {{\n branch {cond}:i1, 0x10@0x1, 0x4\n}}")
        left = evaluate_block(block, nothing, nothing, nothing, nothing)  # type: ignore[arg-type]
        assert left.index == side  # type: ignore[union-attr]
        assert str(left.target) == ("0x10@0x1", "0x4")[side]  # type: ignore[union-attr]
