"""Breaches of the law that no text can express; the others are in ``tests/filetests/verifier``."""

from typing import Any

import pytest

from dbt.ir import ops
from dbt.ir.block import (
    Block,
    BlockKey,
    Branch,
    Call,
    Const,
    Goto,
    Halt,
    Hook,
    Inst,
    Jump,
    Return,
    Swi,
)
from dbt.ir.builder import Builder
from dbt.ir.ops import OPS, Effect, Op
from dbt.ir.types import F32, F64, I1, I8, I32, I64, INTEGERS, TYPES, V64, V128, Type
from dbt.ir.verifier import VerifyError, verify


def _block(*insts: Inst) -> Block:
    return Block(BlockKey(0x8000), list(insts), Halt("done", 0x8000))


def _problem(block: Block) -> str:
    with pytest.raises(VerifyError) as error:
        verify(block)
    return error.value.problem


def test_use_before_definition() -> None:
    later = Inst(ops.GET, (), I32, ("r0",))
    assert "before it is computed" in _problem(_block(Inst(ops.NOT, (later,), I32), later))


def test_value_of_another_block() -> None:
    stranger = Inst(ops.GET, (), I1, ("zf",))
    block = Block(BlockKey(0), [], Branch(stranger, BlockKey(0), BlockKey(4)))
    assert "before it is computed" in _problem(block)
    block.exit = Jump(Inst(ops.GET, (), I32, ("r0",)))
    assert "before it is computed" in _problem(block)


def test_predicate_before_definition() -> None:
    later = Inst(ops.GET, (), I1, ("zf",))
    count = Inst(ops.COUNT, (), None, ("c",), later)
    assert "before it is computed" in _problem(_block(count, later))


def test_one_instruction_twice() -> None:
    get = Inst(ops.GET, (), I32, ("r0",))
    assert "second time" in _problem(_block(get, get))


def test_use_of_what_computes_nothing() -> None:
    count = Inst(ops.COUNT, (), None, ("c",))
    assert _problem(_block(count, Inst(ops.NOT, (count,), I32))) == "count computes no value"


@pytest.mark.parametrize("value", [-1, 256])
def test_constant_outside_its_type(value: int) -> None:
    assert "does not fit i8" in _problem(_block(Inst(ops.NOT, (Const(value, I8),), I8)))


def test_constant_that_is_no_int() -> None:
    assert "True is no whole number" in _problem(_block(Inst(ops.NOT, (Const(True, I1),), I1)))


def test_op_that_is_not_in_the_table() -> None:
    forged = Op("add", ("T",), "T", Effect.PURE, "")
    assert "no op of the table" in _problem(_block(Inst(forged, (Const(1, I8),), I8)))


def test_number_of_immediates() -> None:
    assert "takes 1 immediates" in _problem(_block(Inst(ops.GET, (), I32)))


def test_a_slot_has_one_type_even_without_a_layout() -> None:
    block = _block()
    emit = Builder(block.insts)
    emit.get("x", I32)
    emit.get("x", I1)
    assert _problem(block) == "slot x is i32, not i1"


def test_the_message_shows_the_block_and_the_line() -> None:
    block = _block()
    emit = Builder(block.insts)
    value = emit.get("r0", I32)
    emit.set("r1", value)
    block.insts.append(Inst(ops.NOT, (value,), I8))
    with pytest.raises(VerifyError) as error:
        verify(block)
    lines = str(error.value).splitlines()
    assert error.value.line == 3
    assert lines[4] == "  %1:i8 = not %0"
    assert lines[5].startswith("  ^ ")


# -- Types of operands, of every op ----------------------------------------------------------------

KEY = BlockKey(0x8000)
ANYTHING = tuple(TYPES.values())


def _allowed(op: Op, letter: str) -> tuple[Type, ...]:
    """The types that an operand of a well-formed ``op`` may have when ``T`` is i32."""
    if letter == "T":
        return (I32,)
    if letter == "F":
        return (F32, F64) if op.args.count("F") == 1 and op.result != "F" else (F32,)
    if letter == "V":
        return (V64, V128) if op.args.count("V") == 1 and op.result != "V" else (V64,)
    if op.name == "bitcast":
        return (I64, F64)
    if letter == "A" == op.result:
        return (F64,)
    if letter in ("A", "S"):
        return ANYTHING
    return INTEGERS if letter == "I*" else (TYPES[letter],)


def _sound(op: Op) -> Inst:
    """An instruction that obeys the law."""
    types = [_allowed(op, letter)[0] for letter in op.args]
    args = tuple(Const(1, type_) for type_ in types)
    results = {
        None: None,
        "T": I32,
        "A": F64,
        "F": F32,
        "S": I32,
        "V": V64,
        "R": I64 if op.name != "trunc" else I8,
    }
    result = results[op.result] if op.result in results else TYPES[str(op.result)]
    numbers = {ops.INSN: (0x8000, 4), ops.CHECK_ALIGN: (4,)}
    if op.vector:
        result = {ops.VSPLAT: V64, ops.VEXTRACT: I32}.get(op, result)
        given = {"lane": "i32", "index": 1, "indices": "0 3", "fraction": 16}
        return Inst(op, args, result, tuple(given[name] for name in op.imm))
    if op.has_status:
        result = F64 if op.result == "R" else result
        numbers[op] = tuple({"mode": 4}.get(name, 16) for name in op.imm)
    return Inst(op, args, result, numbers.get(op, ("name",) * len(op.imm)))


OTHERS = [op for op in OPS.values() if op is not ops.FSTATUS]  # of that, see the filetests
OPERANDS = [(op, at) for op in OTHERS for at in range(len(op.args))]


@pytest.mark.parametrize("op", OTHERS, ids=str)
def test_every_op_has_a_sound_form(op: Op) -> None:
    verify(_block(_sound(op)))


@pytest.mark.parametrize(("op", "at"), OPERANDS, ids=str)
def test_each_operand_has_the_type_of_its_row(op: Op, at: int) -> None:
    for type_ in TYPES.values():
        inst = _sound(op)
        inst.args = (*inst.args[:at], Const(1, type_), *inst.args[at + 1 :])
        if op.result == "R" and op.args:  # zext, sext, trunc, bitcast: see the filetests
            continue
        if type_ in _allowed(op, op.args[at]):
            verify(_block(inst))
        else:
            assert "expected, not" in _problem(_block(inst))


@pytest.mark.parametrize(("op", "at"), OPERANDS, ids=str)
def test_each_operand_is_a_value(op: Op, at: int) -> None:
    for operand in (7, None, "%0", KEY, [7]):
        inst = _sound(op)
        inst.args = (*inst.args[:at], operand, *inst.args[at + 1 :])  # type: ignore[arg-type]
        assert "is a constant or an instruction, not" in _problem(_block(inst))


@pytest.mark.parametrize(("op", "at"), OPERANDS, ids=str)
def test_each_operand_has_a_type_of_the_table(op: Op, at: int) -> None:
    for forged in (Type("i32", 32), Type("i24", 24), None, "i32"):
        inst = _sound(op)
        operand: Any = Const(1, forged)  # type: ignore[arg-type]
        inst.args = (*inst.args[:at], operand, *inst.args[at + 1 :])
        assert "is no type of the table" in _problem(_block(inst))


@pytest.mark.parametrize("op", [op for op in OPS.values() if op.result], ids=str)
def test_each_result_has_a_type_of_the_table(op: Op) -> None:
    inst = _sound(op)
    assert inst.type is not None
    inst.type = Type(inst.type.name, inst.type.bits)
    assert "is no type of the table" in _problem(_block(inst))


@pytest.mark.parametrize("op", [op for op in OPS.values() if op.conditional], ids=str)
def test_each_predicate_is_an_i1_value(op: Op) -> None:
    inst = _sound(op)
    for when, problem in (
        (Const(1, I8), "`when` is an i1, not i8"),
        (Const(1, Type("i1", 1)), "is no type of the table"),
        (1, "is a constant or an instruction, not 1"),
    ):
        inst.when = when  # type: ignore[assignment]
        assert problem in _problem(_block(inst))


@pytest.mark.parametrize("value", [1.0, "1", None, True], ids=repr)
def test_a_constant_is_an_int(value: Any) -> None:
    inst = _sound(ops.ADD)
    inst.args = (Const(value, I32), inst.args[1])
    assert "is no whole number" in _problem(_block(inst))


A64, A128, WORD = Const(1, V64), Const(1, V128), Const(1, I32)


@pytest.mark.parametrize(
    ("op", "args", "result", "imm", "problem"),
    [
        (ops.VADD, (A64, A64), V64, ("f32",), "vadd has no lanes of 'f32'"),
        (ops.VADD, (A64, A64), V64, (32,), "vadd has no lanes of 32"),
        (ops.VADD, (A64, A64), V64, ("i1",), "vadd has no lanes of 'i1'"),
        (ops.VADD, (WORD, WORD), I32, ("i32",), "a type of vectors expected, not i32"),
        (ops.VZEXT, (A64,), V128, ("i64",), "vzext has no lanes of i64"),
        (ops.VSEXT, (A64,), V128, ("i64",), "vsext has no lanes of i64"),
        (ops.VTRUNC, (A128,), V64, ("i8",), "vtrunc has no lanes of i8"),
        (ops.VSPLAT, (WORD,), V64, ("i16",), "i16 expected, not i32"),
        (ops.VSPLAT, (WORD,), I64, ("i32",), "vsplat does not lead to i64"),
        (ops.VEXTRACT, (A64,), I64, ("i32", 0), "i32 expected, not i64"),
        (ops.VEXTRACT, (A64,), I32, ("i32", 2), "vextract has no lane 2"),
        (ops.VEXTRACT, (A64,), I32, ("i32", -1), "vextract has no lane -1"),
        (ops.VEXTRACT, (A64,), I32, ("i32", "0"), "vextract has no lane '0'"),
        (ops.VINSERT, (A128, Const(1, I8)), V128, ("i16", 0), "i16 expected, not i8"),
        (ops.VHALF, (A128,), V64, (2,), "vhalf has no lane 2"),
        (ops.VSHUFFLE, (A64, A64), V64, ("i32", "0 4"), "vshuffle has no lane 4"),
        (ops.VSHUFFLE, (A64, A64), V64, ("i32", "0 x"), "vshuffle has no lane 'x'"),
        (ops.VSHUFFLE, (A64, A64), V64, ("i32", "0"), "vshuffle takes 2 numbers of lanes, not 1"),
        (ops.VSINT_TO_F, (A64, WORD), V64, (33,), "the fraction of vsint_to_f is a number, not 33"),
    ],
)  # fmt: skip
def test_what_an_op_on_lanes_may_not_have(
    op: Op, args: tuple[Const, ...], result: Type, imm: tuple[int | str, ...], problem: str
) -> None:
    assert _problem(_block(Inst(op, args, result, imm))) == problem


# -- Keys, marks and exits -------------------------------------------------------------------------


@pytest.mark.parametrize("key", [0x8000, None, BlockKey(-1), BlockKey(1 << 32), BlockKey(0, -1)])
def test_the_block_has_a_key(key: Any) -> None:
    with pytest.raises(VerifyError) as error:
        verify(Block(key, [], Goto(KEY)))
    assert error.value.line == 0


@pytest.mark.parametrize("field", ["size", "before"])
@pytest.mark.parametrize("value", [-1, True, None], ids=repr)
def test_the_block_has_a_number_of_bytes(field: str, value: Any) -> None:
    block = Block(KEY, [], Goto(KEY))
    setattr(block, field, value)
    with pytest.raises(VerifyError) as error:
        verify(block)
    assert error.value.line == 0


@pytest.mark.parametrize(("pc", "size"), [(True, 4), (0x8000, True), (0x8000, "4"), (0x8000, 4.0)])
def test_a_mark_holds_ints(pc: Any, size: Any) -> None:
    mark = Inst(ops.INSN, (), None, (pc, size))
    assert _problem(_block(mark)) == "a mark holds a pc and a size"


def test_an_instruction_ends_within_32_bits() -> None:
    for size, sound in ((4, True), (5, False)):
        block = Block(BlockKey(0xFFFFFFFC), [], Goto(KEY))
        Builder(block.insts).insn(0xFFFFFFFC, size)
        if sound:
            verify(block)
        else:
            assert "does not fit 32 bits" in _problem(block)


SOUND = Const(1, I32)
NO_KEYS = (0x8000, None, SOUND, BlockKey(0, -1), BlockKey(1 << 32), BlockKey("0x8000"))  # type: ignore[arg-type]
NO_NUMBERS = (-1, 1 << 32, True, 1.0, None, "1")
NO_LOCATIONS = (
    KEY, 0x8000, None, Const(1, I1), Const(1, I64), Const(1 << 32, I32), Inst(ops.GET, (), I32),
)  # fmt: skip


@pytest.mark.parametrize(
    ("make", "refused"),
    [
        (Goto, NO_KEYS),
        (Hook, NO_KEYS),
        (lambda key: Branch(Const(1, I1), key, KEY), NO_KEYS),
        (lambda key: Branch(Const(1, I1), KEY, key), NO_KEYS),
        (lambda cond: Branch(cond, KEY, KEY), (KEY, 1, None, SOUND, Const(2, I1))),
        (Jump, NO_LOCATIONS),
        (Return, NO_LOCATIONS),
        (lambda target: Call(target, 0), (*NO_LOCATIONS[1:], *NO_KEYS[3:])),
        (lambda link: Call(KEY, link), NO_NUMBERS),
        (lambda link: Call(SOUND, link), NO_NUMBERS),
        (lambda number: Swi(number, KEY), NO_NUMBERS),
        (lambda key: Swi(0, key), NO_KEYS),
        (lambda pc: Halt("done", pc), NO_NUMBERS),
        (lambda reason: Halt(reason, 0), ("", None, 1)),
        (lambda exit_: exit_, (None, KEY, SOUND)),
    ],
)
def test_what_each_field_of_an_exit_may_not_hold(make: Any, refused: tuple[Any, ...]) -> None:
    for given in refused:
        with pytest.raises(VerifyError) as error:
            verify(Block(KEY, [], make(given)))
        assert error.value.line == 1


@pytest.mark.parametrize(
    "exit_",
    [
        Goto(KEY), Hook(KEY), Branch(Const(1, I1), KEY, KEY), Jump(SOUND), Return(SOUND),
        Call(KEY, 0), Call(SOUND, 0xFFFFFFFF), Swi(0xFFFFFFFF, KEY), Halt("done", 0),
    ],
)  # fmt: skip
def test_every_exit_has_a_sound_form(exit_: Any) -> None:
    verify(Block(KEY, [], exit_))
