"""What the ops of ciphers, digests and checksums compute (FIPS 197, FIPS 180-4)."""

import functools
from collections.abc import Callable, Sequence

_BYTES = 16
_AES_POLYNOMIAL = 0x11B


def product(a: int, b: int) -> int:
    """The product of polynomials over GF(2)."""
    result = 0
    while b:
        if b & 1:
            result ^= a
        a, b = a << 1, b >> 1
    return result


def remainder(rest: int, polynomial: int) -> int:
    """The remainder of 32 bits, the lowest first, by a reflected polynomial of 33 bits."""
    for _ in range(32):
        rest = rest >> 1 ^ (polynomial if rest & 1 else 0)
    return rest


CRC32, CRC32C = (int(f"{polynomial:032b}"[::-1], 2) for polynomial in (0x04C11DB7, 0x1EDC6F41))
"""Polynomials without their highest power, reflected."""


# -- AES: a state is 16 bytes, column by column ---------------------------------------------------


def _times(a: int, b: int) -> int:
    """The product of two bytes in AES's field."""
    result = product(a, b)
    for place in range(14, 7, -1):
        if result >> place & 1:
            result ^= _AES_POLYNOMIAL << place - 8
    return result


def _substitute(byte: int) -> int:
    """SubBytes of one byte: its inverse, and an affine map."""
    inverse = 1
    for _ in range(7):  # the power of 254: of 2, 4, ... 128 together
        byte = _times(byte, byte)
        inverse = _times(inverse, byte)
    bits = 0
    for place in range(5):
        bits ^= inverse << place
    return (bits ^ bits >> 8) & 0xFF ^ 0x63


@functools.cache
def _tables() -> tuple[list[int], list[int]]:
    """SubBytes and InvSubBytes of each byte."""
    substitutes = list(map(_substitute, range(256)))
    return substitutes, [substitutes.index(byte) for byte in range(256)]


def _bytes(state: int) -> bytes:
    return state.to_bytes(_BYTES, "little")


def _number(state: Sequence[int]) -> int:
    return int.from_bytes(bytes(state), "little")


def aes_substitute(state: int) -> int:
    """ShiftRows and SubBytes."""
    given, (table, _) = _bytes(state), _tables()
    return _number([table[given[(5 * place) % 16]] for place in range(16)])


def aes_restore(state: int) -> int:
    """InvShiftRows and InvSubBytes."""
    given, (_, table) = _bytes(state), _tables()
    return _number([table[given[(13 * place) % 16]] for place in range(16)])


def _mixed(state: int, row: tuple[int, ...]) -> int:
    given = _bytes(state)
    mixed = []
    for place in range(16):
        column = given[place & ~3 : (place & ~3) + 4]
        value = 0
        for n, byte in enumerate(column):
            value ^= _times(byte, row[(n - place) % 4])
        mixed.append(value)
    return _number(mixed)


def aes_mix(state: int) -> int:
    """MixColumns."""
    return _mixed(state, (2, 3, 1, 1))


def aes_unmix(state: int) -> int:
    """InvMixColumns."""
    return _mixed(state, (14, 11, 13, 9))


# -- SHA: a vector is four words, the first in the lowest bits ------------------------------------

_WORD = 0xFFFFFFFF


def _left(x: int, count: int) -> int:
    return (x << count | x >> 32 - count) & _WORD


def _words(vector: int) -> list[int]:
    return [vector >> at & _WORD for at in range(0, 128, 32)]


def _vector(words: Sequence[int]) -> int:
    return sum(word << 32 * n for n, word in enumerate(words))


def _choose(x: int, y: int, z: int) -> int:
    return (y ^ z) & x ^ z


def _parity(x: int, y: int, z: int) -> int:
    return x ^ y ^ z


def _majority(x: int, y: int, z: int) -> int:
    return x & y | (x | y) & z


_FUNCTIONS: tuple[Callable[[int, int, int], int], ...] = (_choose, _parity, _majority)


def sha1(function: int, state: int, e: int, schedule: int) -> int:
    """Four rounds of SHA-1: a to d after them, of those before, e, and words with the constant."""
    a, b, c, d = _words(state)
    for word in _words(schedule):
        new = e + _left(a, 5) + _FUNCTIONS[function](b, c, d) + word & _WORD
        a, b, c, d, e = new, a, _left(b, 30), c, d
    return _vector((a, b, c, d))


def sha256(half: int, low: int, high: int, schedule: int) -> int:
    """Four rounds of SHA-256: a to d after them (half 0), or e to h (half 1)."""
    (a, b, c, d), (e, f, g, h) = _words(low), _words(high)
    for word in _words(schedule):
        large = _left(e, 26) ^ _left(e, 21) ^ _left(e, 7)
        new = h + large + _choose(e, f, g) + word
        small = _left(a, 30) ^ _left(a, 19) ^ _left(a, 10)
        total = new + small + _majority(a, b, c) & _WORD
        a, b, c, d, e, f, g, h = total, a, b, c, d + new & _WORD, e, f, g
    return _vector((e, f, g, h) if half else (a, b, c, d))
