"""Programs of terms, run by native code, against the evaluator of terms; fields of leaves."""

from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backends.numba_jit.stencils import terms
from backends.numba_jit.stencils.library import Library
from backends.numba_jit.stencils.native import Native
from backends.numba_jit.stencils.terms import Field, as_field
from dbt.interfaces import Encoding
from dbt.ir.symbolic import BEFORE, PC, WORD, Term, evaluate
from frontends.arm.registers import LAYOUT

M32, MOST = 0xFFFFFFFF, 1 << 63
BINARY = ("add", "sub", "mul", "and", "or", "xor", "shl", "shr", "eq", "lt")
NAMES = st.sampled_from([WORD, PC, BEFORE])
SMALL = st.integers(0, 70)
LEAVES = NAMES | SMALL | st.integers(-M32, M32)
TERMS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(BINARY), inner, inner),
        st.tuples(st.sampled_from(["shl", "shr"]), inner, st.integers(0, 31)),
        st.tuples(st.just("ones"), inner),
        st.tuples(st.just("place"), inner, SMALL),
    ),
    max_leaves=12,
)
NUMBERS = st.integers(0, M32) | st.sampled_from([0, 1, 0x80000000, M32])


@pytest.fixture(scope="module")
def library() -> Iterator[Library]:
    made = Library(LAYOUT, 32, [Encoding(0, 0, 4, 0x0FF00000)])
    yield made
    made.close()


@pytest.fixture(scope="module")
def native() -> Native:
    return Native()


def value(term: Term, leaves: dict[str, int]) -> int:
    """The value of a term. What lifting never asks for is assumed away: numbers of more than 63
    bits, and bits of a negative number."""
    match term:
        case ("ones", a):
            assume(value(a, leaves) >= 0)
        case ("place", a, k):
            assume(value(a, leaves) >= 0)
            assume(value(k, leaves) >= 0)
        case ("shl" | "shr", a, b):
            value(a, leaves)
            assume(0 <= value(b, leaves) < 64)
        case (_, a, b):
            value(a, leaves)
            value(b, leaves)
    found = evaluate(term, leaves)
    assume(-MOST <= found < MOST)
    return found


@given(TERMS, NUMBERS, NUMBERS, NUMBERS)
def test_native_code_computes_what_terms_mean(
    library: Library, native: Native, term: Term, word: int, pc: int, before: int
) -> None:
    expected = value(term, {WORD: word, PC: pc, BEFORE: before})
    program = library.tree.program(term)
    assert native.value_of(library.address, program, word, pc, before) == expected
    assert library.tree.program(term) == program


FIELDS = st.recursive(
    st.sampled_from([WORD, BEFORE]),
    lambda inner: st.one_of(
        st.tuples(st.just("shr"), inner, st.integers(0, 31)),
        st.tuples(st.just("and"), inner, st.integers(0, M32)),
    ),
    max_leaves=5,
)


@given(FIELDS, NUMBERS, NUMBERS)
def test_a_field_is_the_value_of_its_term(term: Term, word: int, before: int) -> None:
    field = as_field(term, 32)
    assert field is not None
    leaf = word if field.leaf == WORD else before
    leaves = {WORD: word, BEFORE: before}
    assert leaf >> field.shift & field.mask == evaluate(term, leaves)
    # The tree asks for a value of a field with the mask where it is in the leaf.
    wanted = evaluate(term, leaves)
    assert leaf & field.mask << field.shift == wanted << field.shift


@pytest.mark.parametrize(
    "term", [PC, ("add", WORD, 1), ("shr", WORD, PC), ("and", ("ones", WORD), 3), 5]
)
def test_what_is_no_field(term: Term) -> None:
    assert as_field(term, 32) is None


def test_a_field_of_the_whole_word() -> None:
    assert as_field(WORD, 16) == Field(WORD, 0, 0xFFFF)


def test_all_operations_are_there() -> None:
    codes = [terms.program((name, WORD, PC))[-1] for name in (*BINARY, "place")]
    assert len({*codes, terms.program(("ones", WORD))[-1]}) == len(BINARY) + 2
    assert terms.END not in codes
    with pytest.raises(ValueError, match="is no term"):
        terms.program(("ones",))
