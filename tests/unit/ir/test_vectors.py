"""Ops on vectors: what each computes of a few vectors, and blocks with them as text."""

import pytest

from dbt.ir import ops, vectors
from dbt.ir.block import Const, Inst
from dbt.ir.evaluate import evaluate_floating
from dbt.ir.floating import DEFAULT_NAN, FLUSH, INEXACT, INVALID
from dbt.ir.ops import OPS, Op
from dbt.ir.parser import parse_block
from dbt.ir.printer import print_block
from dbt.ir.types import I1, I16, I32, V64, V128, Type
from dbt.ir.verifier import verify

A = 0x0000_7FFF_8000_FFFF
B = 0x0001_0001_8000_0001

BLOCK = """block 0x8000 {
  %0:v128 = get v0
  %1:v64 = vhalf 1 %0
  %2:v64 = vshuffle i8 "7 6 5 4 3 2 1 0" %1, 0x1:v64
  %3:v128 = vsext i16 %2
  %4:i16 = vextract i16 7 %3
  %5:v128 = vinsert i16 0 %3, %4
  %6:v128 = vfadd %5, %0, 0x0
  set v0 %6
  halt done 0x8000
}
"""


def test_every_op_on_vectors_is_handled() -> None:
    assert {op for op in OPS.values() if op.vector} == vectors.HANDLED


def test_a_block_with_vectors_is_read_as_it_is_written() -> None:
    block = parse_block(BLOCK)
    verify(block)
    assert print_block(block) == BLOCK


@pytest.mark.parametrize(
    ("op", "lane", "expected"),
    [
        (ops.VADD, "i16", 0x0001_8000_0000_0000),
        (ops.VSUB, "i16", 0xFFFF_7FFE_0000_FFFE),
        (ops.VMUL, "i16", 0x0000_7FFF_0000_FFFF),
        (ops.VSADD_SAT, "i16", 0x0001_7FFF_8000_0000),
        (ops.VUADD_SAT, "i16", 0x0001_8000_FFFF_FFFF),
        (ops.VSSUB_SAT, "i16", 0xFFFF_7FFE_0000_FFFE),
        (ops.VUSUB_SAT, "i16", 0x0000_7FFE_0000_FFFE),
        (ops.VSMIN, "i16", 0x0000_0001_8000_FFFF),
        (ops.VSMAX, "i16", 0x0001_7FFF_8000_0001),
        (ops.VUMIN, "i16", 0x0000_0001_8000_0001),
        (ops.VUMAX, "i16", 0x0001_7FFF_8000_FFFF),
        (ops.VEQ, "i16", 0x0000_0000_FFFF_0000),
        (ops.VSLT, "i16", 0xFFFF_0000_0000_FFFF),
        (ops.VULT, "i16", 0xFFFF_0000_0000_0000),
        (ops.VSHL, "i16", 0x0000_FFFE_0000_FFFE),
        (ops.VSHR, "i16", 0x0000_3FFF_0000_7FFF),
        (ops.VSAR, "i16", 0x0000_3FFF_FFFF_FFFF),
    ],
    ids=str,
)
def test_two_vectors(op: Op, lane: str, expected: int) -> None:
    inst = Inst(op, (Const(A, V64), Const(B, V64)), V64, (lane,))
    assert vectors.evaluate(inst, [A, B]) == expected


@pytest.mark.parametrize(
    ("op", "args", "result", "imm", "expected"),
    [
        (ops.VNOT, (A,), V64, (), 0xFFFF_8000_7FFF_0000),
        (ops.VBITS, (0xFF, A, B), V64, (), 0x0001_0001_8000_00FF),
        (ops.VANY, (A,), I1, (), 1),
        (ops.VANY, (0,), I1, (), 0),
        (ops.VCLZ, (A,), V64, ("i16",), 0x0010_0001_0000_0000),
        (ops.VPOPCOUNT, (A,), V64, ("i8",), 0x0000_0708_0100_0808),
        (ops.VEXTRACT, (A,), I16, ("i16", 2), 0x7FFF),
        (ops.VINSERT, (A, 0x1234), V64, ("i16", 3), 0x1234_7FFF_8000_FFFF),
        (ops.VZEXT, (A,), V128, ("i16",), 0x0000_0000_0000_7FFF_0000_8000_0000_FFFF),
        (ops.VSEXT, (A,), V128, ("i16",), 0x0000_0000_0000_7FFF_FFFF_8000_FFFF_FFFF),
        (ops.VCONCAT, (A, B), V128, (), B << 64 | A),
        (ops.VSHUFFLE, (A, B), V64, ("i16", "3 4 0 5"), 0x8000_FFFF_0001_0000),
    ],
)
def test_other_shapes(
    op: Op, args: tuple[int, ...], result: Type, imm: tuple[int | str, ...], expected: int
) -> None:
    types = (V64, I16) if op is ops.VINSERT else (V64,) * 3
    given = tuple(Const(value, type_) for value, type_ in zip(args, types, strict=False))
    assert vectors.evaluate(Inst(op, given, result, imm), args) == expected


def test_what_becomes_of_a_quadword() -> None:
    whole = Const(B << 64 | A, V128)
    for index, half in enumerate((A, B)):
        assert vectors.evaluate(Inst(ops.VHALF, (whole,), V64, (index,)), [whole.value]) == half
    narrow = Inst(ops.VTRUNC, (whole,), V64, ("i32",))
    assert vectors.evaluate(narrow, [whole.value]) == 0x0001_0001_7FFF_FFFF
    splat = Inst(ops.VSPLAT, (Const(0x1234, I16),), V128, ("i16",))
    assert vectors.evaluate(splat, [0x1234]) == int("1234" * 8, 16)
    table = Inst(ops.VTABLE, (whole, Const(0, V64)), V64, ())
    assert vectors.evaluate(table, [whole.value, 0x0F0E_1007_0605_FF00]) == 0x0001_0000_007F_00FF


@pytest.mark.parametrize(
    ("op", "a", "b", "status", "expected", "after"),
    [
        (ops.VFADD, 0x3F80_0000_7F80_0001, 0x3F80_0000, FLUSH | DEFAULT_NAN,
         0x3F80_0000_7FC0_0000, INVALID),
        (ops.VFMUL, 0x3DCC_CCCD_3F80_0000, 0x3DCC_CCCD_0000_0001, 0,
         0x3C23_D70B_0000_0001, INEXACT),
        (ops.VFMAX, 0x8000_0000_3F80_0000, 0x0000_0000_4000_0000, 0, 0x0000_0000_4000_0000, 0),
        (ops.VFMIN, 0x0000_0000_3F80_0000, 0x8000_0000_4000_0000, 0, 0x8000_0000_3F80_0000, 0),
        (ops.VFEQ, 0x7FC0_0000_8000_0000, 0x7FC0_0000_0000_0000, 0, 0x0000_0000_FFFF_FFFF, 0),
        (ops.VFLT, 0x7FC0_0000_8000_0000, 0x7FC0_0000_3F80_0000, 0, 0xFFFF_FFFF, INVALID),
        (ops.VFLE, 0x3F80_0000_4000_0000, 0x3F80_0000_3F80_0000, 0, 0xFFFF_FFFF_0000_0000, 0),
    ],
    ids=str,
)  # fmt: skip
def test_floating_point(op: Op, a: int, b: int, status: int, expected: int, after: int) -> None:
    inst = Inst(op, (Const(a, V64), Const(b, V64), Const(status, I32)), V64)
    assert evaluate_floating(inst, [a, b, status]) == (expected, status | after)
