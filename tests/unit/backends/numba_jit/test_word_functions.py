"""Word functions, compiled, against the same functions in Python; and what is refused."""

import ctypes
import itertools
from collections.abc import Callable

import pytest
from support.word_functions import host_code

from backends.numba_jit import abi
from backends.numba_jit.host_memory import (
    enter_unit,
    exchange,
    load8,
    load32,
    load64,
    store8,
    store32,
    store64,
)
from backends.numba_jit.word_functions import WordError, word_function
from backends.numba_jit.word_text import object_of

NUMBERS = (0, 1, 2, 3, 7, 63, 64, -1, -2, -7, 1 << 32, (1 << 63) - 1, -(1 << 63))
SEVEN = 7


def wrapped(number: int) -> int:
    """A number as 64 bits with a sign."""
    return (int(number) + (1 << 63)) % (1 << 64) - (1 << 63)


@word_function
def arithmetic(a, b):  # type: ignore[no-untyped-def]
    c = a * 3 - b
    c += a & b
    c ^= a | ~b
    return -c + (a >> 3) + (b << 2) + abi.PASSED


@word_function
def quotients(a, b):  # type: ignore[no-untyped-def]
    return a // 4096 + (a // (b if b > 0 else SEVEN)) * 3 + a // (SEVEN * 1 + 1) + a // -SEVEN


@word_function
def comparisons(a, b):  # type: ignore[no-untyped-def]
    bits = (a < b) | (a <= b) << 1 | (a == b) << 2 | (a != b) << 3 | (a > b) << 4 | (a >= b) << 5
    bits |= (-3 <= a < SEVEN) << 6 | (a in (1, b, SEVEN)) << 7 | (a not in (b, 2)) << 8
    return bits | (not a) << 9 | True << 10


@word_function
def decided(a, b):  # type: ignore[no-untyped-def]
    first = (a or b) - (a and b) * 3 + ((a > 0 and b) or SEVEN)
    if not (a > 1 or b == 2) and (a < 0 or b < 0):
        first += 100
    elif a == 1 and not b:
        first += 200
    else:
        pass
    return first if a or b > 0 else ~first


@word_function
def loops(a, b):  # type: ignore[no-untyped-def]
    total = 0
    for i in range(a & 7):
        if i == 3:
            continue
        total += i
        i = 100  # noqa: PLW2901 (the next one does not depend on it)
    for j in range(b & 3, 20, 3):
        if j > 11:
            break
        for k in range(j, 10):
            total = total * 5 + k
    while True:
        total -= SEVEN
        if total < 0:
            return total * 31 + j
        total //= 2


@word_function
def assigned(a, b):  # type: ignore[no-untyped-def]
    c = d = a + 1
    a, b = b, a
    if a > b:
        return factorial(c & 7) - d
    return a - b * 2


@word_function
def factorial(number):  # type: ignore[no-untyped-def]
    return number * factorial(number - 1) if number > 1 else 1


@word_function
def silent(a, b):  # type: ignore[no-untyped-def]
    """Returns at two places without a value."""
    if a > b:
        return
    factorial(3)


@pytest.mark.parametrize("function", [arithmetic, quotients, comparisons, decided, loops, assigned])
def test_compiled_it_does_what_it_does_in_python(function: Callable[..., int]) -> None:
    native = host_code(function)
    for a, b in itertools.product(NUMBERS, repeat=2):
        assert native(a, b) == wrapped(function(a, b)), (a, b)


def test_without_a_value_it_returns_nothing() -> None:
    native = host_code(silent)
    assert (native(1, 2), native(2, 1)) == (0, 0)


@word_function
def moved(at, value):  # type: ignore[no-untyped-def]
    store64(at, value)
    store32(at + 8, load32(at))
    store8(at + 12, load8(at + 3))
    store64(at + 16, exchange(at, SEVEN))
    return load64(at + 8)


def test_memory_is_read_and_written_in_parts() -> None:
    memory = (ctypes.c_uint64 * 4)()
    value = 0x1122334485667788
    native = host_code(moved)
    assert native(ctypes.addressof(memory), value) == 0x8585667788
    assert list(memory) == [SEVEN, 0x8585667788, value, 0]


@word_function
def entered(function, a, b):  # type: ignore[no-untyped-def]
    return enter_unit(function, a, b) + 1


def test_a_function_is_called_by_its_address() -> None:
    prototype = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
    function = prototype(lambda a, b: a * 10 + b)
    native = host_code(entered)
    assert native(ctypes.cast(function, ctypes.c_void_p).value, 4, 2) == 43


def unmarked(a: int) -> int:
    return a


def divides(a, b):  # type: ignore[no-untyped-def]
    return a / b


def raises(a, b):  # type: ignore[no-untyped-def]
    raise ValueError(a + b)


def calls(a):  # type: ignore[no-untyped-def]
    return unmarked(a)


def calls_with_too_few(a):  # type: ignore[no-untyped-def]
    return arithmetic(a)


def names(a):  # type: ignore[no-untyped-def]
    return a + missing  # type: ignore[name-defined]  # noqa: F821


def is_text(a):  # type: ignore[no-untyped-def]
    return a + __name__


def is_too_large(a):  # type: ignore[no-untyped-def]
    return a + (1 << 63)


def unpacks(a):  # type: ignore[no-untyped-def]
    b, c = a
    return b + c


def counts_down(a):  # type: ignore[no-untyped-def]
    for i in range(a, 0, -1):
        a += i
    return a


def goes_through(a):  # type: ignore[no-untyped-def]
    for i in a:
        a += i
    return a


def has_a_default(a, b=1):  # type: ignore[no-untyped-def]
    return a + b


def assigns_twice(a):  # type: ignore[no-untyped-def]
    b = c = arithmetic(a, 1)
    return b + c


def compares_three(a):  # type: ignore[no-untyped-def]
    return a < 3 < arithmetic(a, 1)


def looks_among_calls(a):  # type: ignore[no-untyped-def]
    return a in (3, arithmetic(a, 1))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (assigns_twice, "assigns the value of a call to several names"),
        (compares_three, "compares more than two values, one of them a call's"),
        (looks_among_calls, "compares more than two values, one of them a call's"),
        (divides, "operator that word functions do not have"),
        (raises, "statement that word functions do not have"),
        (calls, "unmarked is not a word function"),
        (calls_with_too_few, "arithmetic takes 2 values"),
        (names, "missing is not there"),
        (is_text, "__name__ is not an integer"),
        (is_too_large, "has more than 64 bits"),
        (unpacks, "assigns to something other than a name"),
        (counts_down, "range without a constant step upwards"),
        (goes_through, "is not a range"),
        (has_a_default, "has other than plain parameters"),
    ],
)
def test_what_is_not_a_word_function_is_refused(function: Callable[..., int], message: str) -> None:
    line = function.__code__.co_firstlineno
    with pytest.raises(WordError, match=f"line ({line}|{line + 1}): .*{message}"):
        object_of(function, "entry")
