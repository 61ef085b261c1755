"""The arithmetic of rationals against the host's, and against itself."""

import math
import struct
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt.ir import floating, ops
from dbt.ir.floating import INEXACT, INVALID, OVERFLOW, UNDERFLOW, evaluate
from dbt.ir.ops import OPS, Op
from dbt.ir.types import F32, F64, I32


def _bits(number: float) -> int:
    return int.from_bytes(struct.pack("<d", number), "little")


def _number(bits: int) -> float:
    (number,) = struct.unpack("<d", bits.to_bytes(8, "little"))
    return float(number)


doubles = st.integers(0, (1 << 64) - 1).map(_number) | st.floats()
HOST: dict[Op, Callable[..., float]] = {
    ops.FADD: lambda a, b: a + b,
    ops.FSUB: lambda a, b: a - b,
    ops.FMUL: lambda a, b: a * b,
}


def test_every_op_with_a_status_is_handled() -> None:
    assert {op for op in OPS.values() if op.has_status and not op.vector} == floating.HANDLED


@pytest.mark.parametrize("op", HOST, ids=str)
def test_as_the_host_rounds(op: Op) -> None:
    @given(doubles, doubles)
    def check(a: float, b: float) -> None:
        expected = HOST[op](a, b)
        result, _ = evaluate(op, F64, F64, [_bits(a), _bits(b), 0], [])
        if math.isnan(expected):
            assert math.isnan(_number(result))
        else:
            assert result == _bits(expected)

    check()


@given(doubles.filter(lambda a: a >= 0))
def test_roots_are_the_hosts(a: float) -> None:
    assert evaluate(ops.FSQRT, F64, F64, [_bits(a), 0], [])[0] == _bits(math.sqrt(a))


@given(doubles.filter(math.isfinite))
def test_a_single_is_the_hosts(a: float) -> None:
    try:
        expected = struct.pack("<f", a)
    except OverflowError:
        expected = struct.pack("<f", math.copysign(math.inf, a))
    found, status = evaluate(ops.FCVT, F32, F64, [_bits(a), 0], [])
    assert found == int.from_bytes(expected, "little")
    (again,) = struct.unpack("<f", expected)
    assert bool(status & INEXACT) == (again != a)


finite = doubles.filter(math.isfinite)


@given(finite, finite, finite, st.sampled_from(range(4)))
def test_a_fused_result_is_next_to_the_exact_one(a: float, b: float, c: float, mode: int) -> None:
    status = mode << floating.ROUNDING_SHIFT
    result, after = evaluate(ops.FMA, F64, F64, [_bits(a), _bits(b), _bits(c), status], [])
    if after & OVERFLOW:
        return
    found, exact = Fraction(_number(result)), Fraction(a) * Fraction(b) + Fraction(c)
    assert bool(after & INEXACT) == (found != exact)
    if mode == floating.UP:
        assert found >= exact
    if mode == floating.DOWN:
        assert found <= exact
    if mode == floating.TO_ZERO:
        assert abs(found) <= abs(exact)
    assert abs(found - exact) <= Fraction(math.ulp(_number(result)))


@given(st.integers(0, (1 << 32) - 1), st.integers(0, 32))
def test_an_integer_comes_back(number: int, fraction: int) -> None:
    wide, status = evaluate(ops.UINT_TO_F, F64, I32, [number, 0], [fraction])
    assert Fraction(_number(wide)) == Fraction(number, 1 << fraction)
    assert evaluate(ops.F_TO_UINT, I32, F64, [wide, 0], [32, fraction]) == (number, status)


@given(doubles, st.sampled_from([ops.F_TO_SINT, ops.F_TO_UINT]), st.integers(1, 32))
def test_integers_saturate(a: float, op: Op, bits: int) -> None:
    least, most = (
        (-(1 << bits - 1), (1 << bits - 1) - 1) if op is ops.F_TO_SINT else (0, (1 << bits) - 1)
    )
    result, status = evaluate(op, I32, F64, [_bits(a), 3 << floating.ROUNDING_SHIFT], [bits, 0])
    if math.isnan(a):
        assert result == 0
    elif status & INVALID:
        assert result == (least if a < 0 else most) & 0xFFFFFFFF
        assert math.isinf(a) or not least <= math.trunc(a) <= most
    else:
        assert result == math.trunc(a) & 0xFFFFFFFF


def test_tininess_is_detected_before_rounding() -> None:
    below_one, least_normal = 0x3F7FFFFF, 0x00800000
    result, status = evaluate(ops.FMUL, F32, F32, [below_one, least_normal, 0], [])
    assert (result, status) == (least_normal, UNDERFLOW | INEXACT)
