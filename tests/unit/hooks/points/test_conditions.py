"""Conditions: what they mean, in IR and in plain Python, and what is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.strategies import edges

from dbt.hooks.points.conditions import parse_condition
from dbt.hooks.points.names import names_of
from dbt.interfaces import lay_out
from dbt.ir.block import Block, BlockKey, Goto
from dbt.ir.builder import Builder
from dbt.ir.evaluate import evaluate_block
from dbt.ir.types import I1, I32
from dbt.ir.verifier import verify
from dbt.passes.pipeline import Pipeline
from dbt.runtime.state import GuestState
from dbt.stops import UsageError
from frontends.arm import registers

NAMES = names_of(registers.LAYOUT, registers.CALL_ABI)
SLOTS = NAMES.slots
LAYOUT = lay_out([*((slot, I32) for slot in sorted(set(SLOTS.values()))), ("pc", I32), ("zf", I1)])
PC = 0x8000


def emitted(text: str, values: dict[str, int], *, optimise: bool = False) -> bool:
    """What the compiled condition says."""
    block = Block(BlockKey(PC), [], Goto(BlockKey(PC + 4)))
    emit = Builder(block.insts)
    emit.set("zf", parse_condition(text, NAMES).compile(emit, pc=PC))
    verify(block, LAYOUT)
    if optimise:
        Pipeline.default().run(block)
    state = GuestState(LAYOUT)
    state.restore(values)
    evaluate_block(block, state, *([None] * 3))  # type: ignore[arg-type]
    return bool(state.get("zf"))


def plain(text: str, values: dict[str, int]) -> bool:
    return parse_condition(text, NAMES).holds(lambda slot: values.get(slot, 0), pc=PC)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("r0 > 4096 and depth < 3", {"r0": 4097, "depth": 2}, True),
        ("r0 > 4096 and depth < 3", {"r0": 4097, "depth": 3}, False),
        ("r0 > 4096 or depth < 3", {"r0": 1, "depth": 2}, True),
        ("r0 < 0", {"r0": 0xFFFFFFFF}, False),
        ("signed(r0) < 0", {"r0": 0xFFFFFFFF}, True),
        ("-1 == r0", {"r0": 0xFFFFFFFF}, True),
        ("0 < r0 <= 2", {"r0": 2}, True),
        ("0 < r0 <= 2", {"r0": 3}, False),
        ("signed(-3) <= r1 < 5", {"r1": 0xFFFFFFFE}, False),  # the right half is unsigned
        ("arg0 + 1 == 0", {"r0": 0xFFFFFFFF}, True),
        ("not r0", {"r0": 0}, True),
        ("r0 & 3 and sp >> 31", {"r0": 7, "r13": 0x80000000}, True),
        ("r0 << 32 == 0", {"r0": 1}, True),
        ("~r0 == 0xfffffffe", {"r0": 1}, True),
        ("pc == 0x8000 and r15 == pc", {}, True),
        ("lr != r14", {"r14": 5}, False),
        ("r1 * 3 ^ 1 | 2 == 7", {"r1": 2}, True),
    ],
)
def test_meaning(text: str, values: dict[str, int], expected: bool) -> None:
    assert plain(text, values) is expected
    assert emitted(text, values) is expected
    assert emitted(text, values, optimise=True) is expected


def test_the_depth_slot_can_have_another_name() -> None:
    condition = parse_condition("depth == 7", NAMES)
    assert condition.holds({"level": 7}.__getitem__, pc=PC, depth="level")
    block = Block(BlockKey(PC), [], Goto(BlockKey(PC)))
    condition.compile(Builder(block.insts), pc=PC, depth="level")
    assert block.insts[0].imm == ("level",)


LEAVES = st.sampled_from([*SLOTS, "pc"]) | st.sampled_from([hex(e) for e in edges(I32)])
NUMBERS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*&|^"), inner)
        | st.builds("({} {} {})".format, inner, st.sampled_from(["<<", ">>"]), inner)
        | st.builds("({}{})".format, st.sampled_from("-~"), inner)
    ),
    max_leaves=5,
)
SIDES = NUMBERS | NUMBERS.map("signed({})".format)
RELATIONS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
COMPARISONS = st.builds("{} {} {}".format, SIDES, RELATIONS, SIDES) | st.builds(
    "{} {} {} {} {}".format, SIDES, RELATIONS, SIDES, RELATIONS, SIDES
)
CONDITIONS = st.recursive(
    COMPARISONS | NUMBERS,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner)
        | inner.map("(not {})".format)
    ),
    max_leaves=4,
)


@given(
    text=CONDITIONS,
    values=st.fixed_dictionaries(
        {slot: st.sampled_from(edges(I32)) | st.integers(0, I32.mask) for slot in SLOTS.values()}
    ),
)
@settings(max_examples=300, deadline=None)
def test_both_meanings_agree(text: str, values: dict[str, int]) -> None:
    expected = plain(text, values)
    assert emitted(text, values) is expected
    assert emitted(text, values, optimise=True) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("r0 >", "condition 'r0 >', column 5: invalid syntax"),
        ("r16 == 0", "column 1: no value 'r16'"),
        ("r0 == len(r1)", "column 7: there is no function len"),
        ("r0 / 2 == 1", "column 1: operators are + - * & | ^ << >>"),
        ("r0 in (1, 2)", "column 7: "),
        ("r0 is 1", "column 7: comparisons are"),
        ("r0 + (r1 < 2)", "column 7: a comparison is no number"),
        ("r0 == signed(r1) + 1", "column 7: signed(...) stands alone"),
        ("r0 == 1.5", "column 7: integers"),
        ("r0 == 'x'", "column 7: integers"),
        ("r0 == True", "column 7: integers"),
        ("r0 == 0x100000000", "column 7: 4294967296 does not fit 32 bits"),
        ("r0.real", "column 1: integers"),
        ("(r0 := 1)", "column 2: integers"),
        ("mem32(r0) == 1", "column 1: there is no function mem32"),
        ("", "column 1: "),
        ("r0 == 1; r1", "column 8: "),
        ("\0", "column"),
        ("(" * 5000 + "r0" + ")" * 5000, "column"),
        ("-" * 5000 + "r0", "column 1: "),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_condition(text, NAMES)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
