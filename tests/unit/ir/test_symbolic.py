"""Numbers that remember: arithmetic, what was asked of them, and terms."""

import operator
from random import Random

import pytest

from dbt.ir.symbolic import PC, WORD, Choice, Number, Trace, evaluate, parts, pick, set_bits

BINARY = (
    operator.add, operator.sub, operator.mul, operator.and_, operator.or_, operator.xor,
)  # fmt: skip


def drawn(value: int) -> tuple[Trace, Number]:
    trace = Trace()
    return trace, trace.number(WORD, value, 0xFFFFFFFF)


@pytest.mark.parametrize("operation", BINARY)
@pytest.mark.parametrize("other", [0, 1, 7, 0xFFFFFFFF])
def test_arithmetic_is_that_of_ints(operation: object, other: int) -> None:
    for value in (0, 1, 0x80000000, 0xDEADBEEF):
        _, number = drawn(value)
        for result, expected in (
            (operation(number, other), operation(value, other)),  # type: ignore[operator]
            (operation(other, number), operation(other, value)),  # type: ignore[operator]
        ):
            assert evaluate(result.term, {WORD: value}) == expected
            assert result.value == expected


def test_a_term_holds_for_other_words() -> None:
    random = Random(1)
    _, number = drawn(0)
    field = (number >> 8) & 15
    term = ((field << 2 | 3) - -field + ~number + (1 << field) + (0x1000 >> field)).term
    for _ in range(100):
        word = random.getrandbits(32)
        n = word >> 8 & 15
        expected = (n << 2 | 3) + n + ~word + (1 << n) + (0x1000 >> n)
        assert evaluate(term, {WORD: word}) == expected


def test_what_is_asked_is_noted_once_with_its_answer() -> None:
    trace, number = drawn(0x25)
    field = number & 15
    assert field == 5
    assert field != 6
    assert not field == 6  # noqa: SIM201
    assert field
    assert field < 6
    assert field >= 5
    assert list(trace.decisions.values()) == [True, False, False, True, False]
    assert (7, 8, 9)[number & 1] == 8
    assert trace.decisions["eq", ("and", WORD, 1), 1]


@pytest.mark.parametrize("value", [0, 5, 15])
def test_what_a_field_cannot_be_is_not_asked(value: int) -> None:
    trace, number = drawn(value)
    field = number & 15
    assert field != 16
    assert field != -1
    assert (number & 0) == 0
    assert not trace.decisions


def test_masks_that_change_nothing_are_left_out() -> None:
    _, number = drawn(0x1234)
    assert ((number & 0xFF) & 0xFFFFFFFF).term == ("and", WORD, 0xFF)
    assert ((number >> 28) & 15).term == ("shr", WORD, 28)


def test_a_number_has_no_hash() -> None:
    with pytest.raises(TypeError):
        hash(drawn(1)[1])


@pytest.mark.parametrize("value", [0, 1, 0x8000, 0x40F1, 0xFFFF])
def test_of_the_bits_of_a_list_only_their_count_is_asked(value: int) -> None:
    trace, number = drawn(value)
    bits = set_bits(number & 0xFFFF, 16)
    assert [bit.value for bit in bits] == set_bits(value, 16)
    assert list(trace.decisions) == [("eq", ("ones", ("and", WORD, 0xFFFF)), value.bit_count())]
    for other in (value, value << 1 & 0xFFFE | value >> 15):
        found = [evaluate(bit.term, {WORD: other}) for bit in bits]
        assert found == set_bits(other, 16)
    for bit in bits[:-1]:
        assert bit != 15
    assert len(trace.decisions) == 1


def test_a_name_is_picked_now_or_later() -> None:
    _, number = drawn(2)
    assert pick(("a", "b", "c"), 2) == "c"
    choice = pick(("a", "b", "c"), number & 3)
    assert isinstance(choice, Choice)
    assert choice.names[evaluate(choice.number.term, {WORD: 1})] == "b"


def test_what_is_no_term_is_refused() -> None:
    with pytest.raises(ValueError, match="is no term"):
        evaluate(("add", 1), {})
    with pytest.raises(KeyError):
        evaluate(PC, {})


def test_a_choice_is_asked_by_name() -> None:
    trace = Trace()
    choice = pick(("a", "b", "c"), trace.number(WORD, 1, 3))
    assert choice == "b"
    assert choice != "a"
    assert choice != "elsewhere"
    assert trace.decisions == {("eq", WORD, 1): True, ("eq", WORD, 0): False}
    with pytest.raises(TypeError):
        hash(choice)


def test_what_was_formatted_is_found_in_a_text() -> None:
    trace = Trace()
    pc = trace.number(PC, 0x8000, 0xFFFFFFFF)
    text = f"from:{pc:#x}->{pc + 4}"
    assert parts(trace, text) == ("from:", (PC, "#x"), "->", (("add", PC, 4), ""), "")
    assert parts(trace, "plain") == ("plain",)
    assert trace.decisions == {}
