"""Ops of ciphers, digests and checksums as LLVM text: the host's instructions for them where it has
some, else plain ones, without tables.

What needs a constant in a vector register makes it of a general one, so that copied code, which has
no constants apart from itself, may have it.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from backends.native.stamps import has_feature
from backends.numba_jit.units.unit_text import UnitText
from dbt.ir import ciphers, ops
from dbt.ir.block import Inst
from dbt.ir.ops import Op

Lower: TypeAlias = Callable[..., str]

_PAIR, _WORDS, _BYTES = "<2 x i64>", "<4 x i32>", "<16 x i8>"


def _host(u: UnitText, name: str, result: str, *arguments: tuple[str, str]) -> str:
    """A call of one of LLVM's intrinsics for the host's instructions."""
    name = f"llvm.x86.{name}"
    u.intrinsic(name, f"{result} @{name}({', '.join(kind for kind, _ in arguments)})")
    given = ", ".join(f"{kind} {text}" for kind, text in arguments)
    return u.new(f"call {result} @{name}({given})")


def _cast(u: UnitText, kind: str, text: str, to: str) -> str:
    return u.new(f"bitcast {kind} {text} to {to}")


def _hidden(u: UnitText, type_: str, number: int | str) -> str:
    """A number that LLVM knows nothing about, and so has in a general register."""
    return u.new(f'call {type_} asm "", "=r,0"({type_} {number})')


# -- Products of polynomials, and checksums --------------------------------------------------------


def _low(u: UnitText, number: str) -> str:
    """A vector with a number in its low half."""
    return u.new(f"insertelement {_PAIR} zeroinitializer, i64 {number}, i32 0")


def _product(u: UnitText, a: str, b: str) -> str:
    """The product of the low halves of two vectors."""
    return _host(u, "pclmulqdq", _PAIR, (_PAIR, a), (_PAIR, b), ("i8", "0"))


def _multiply(u: UnitText, _: Inst, a: str, b: str) -> str:
    left, right = (_cast(u, "<2 x i32>", text, "i64") for text in (a, b))
    if has_feature("pclmulqdq"):
        return _product(u, _low(u, left), _low(u, right))
    return _multiply_plainly(u, left, right)


def _multiply_plainly(u: UnitText, a: str, b: str) -> str:
    wide, result = u.new(f"zext i64 {a} to i128"), "0"
    for place in range(64):
        bit = u.new(f"trunc i64 {u.new(f'lshr i64 {b}, {place}')} to i1")
        shifted = u.new(f"shl i128 {wide}, {place}")
        term = u.new(f"select i1 {bit}, i128 {shifted}, i128 0")
        result = u.new(f"xor i128 {result}, {term}")
    return _cast(u, "i128", result, _PAIR)


def _quotient(polynomial: int) -> int:
    """The quotient of x to the 64 and a polynomial of degree 32, which is reflected; reflected."""
    full = int(f"{polynomial:032b}"[::-1], 2) | 1 << 32
    rest, quotient = 1 << 64, 0
    for place in range(32, -1, -1):
        if rest >> place + 32 & 1:
            rest ^= full << place
            quotient |= 1 << place
    return int(f"{quotient:033b}"[::-1], 2)


def _remainder(polynomial: int, instruction: str) -> Lower:
    def lower(u: UnitText, _: Inst, a: str) -> str:
        if instruction and has_feature("sse4_2"):
            return _host(u, instruction, "i32", ("i32", "0"), ("i32", a))
        if has_feature("pclmulqdq"):
            return _divide(u, a, polynomial)
        return _divide_plainly(u, a, polynomial)

    return lower


def _divide(u: UnitText, a: str, polynomial: int) -> str:
    """Barrett's reduction (Gopal et al., "Fast CRC Computation for Generic Polynomials Using
    PCLMULQDQ Instruction", 2009)."""
    number = _low(u, _hidden(u, "i64", u.new(f"zext i32 {a} to i64")))
    inverse = _low(u, _hidden(u, "i64", _quotient(polynomial)))
    whole = u.new(f"extractelement {_PAIR} {_product(u, number, inverse)}, i32 0")
    factor = _low(u, _hidden(u, "i64", u.new(f"and i64 {whole}, {0xFFFFFFFF}")))
    divisor = _low(u, _hidden(u, "i64", polynomial << 1 | 1))
    product = u.new(f"extractelement {_PAIR} {_product(u, factor, divisor)}, i32 0")
    return u.new(f"trunc i64 {u.new(f'lshr i64 {product}, 32')} to i32")


def _divide_plainly(u: UnitText, a: str, polynomial: int) -> str:
    for _ in range(32):
        odd = u.new(f"sub i32 0, {u.new(f'and i32 {a}, 1')}")
        term = u.new(f"and i32 {odd}, {polynomial}")
        a = u.new(f"xor i32 {u.new(f'lshr i32 {a}, 1')}, {term}")
    return a


# -- AES -------------------------------------------------------------------------------------------


def _aes(u: UnitText, name: str, a: str, *key: str) -> str:
    return _host(u, f"aesni.{name}", _PAIR, (_PAIR, a), *((_PAIR, text) for text in key))


_ZERO = "zeroinitializer"


def _cipher(host: Callable[[UnitText, str], str], plain: Callable[[UnitText, str], str]) -> Lower:
    def lower(u: UnitText, _: Inst, a: str) -> str:
        if has_feature("aes"):
            return host(u, a)
        return _cast(u, _BYTES, plain(u, _cast(u, _PAIR, a, _BYTES)), _PAIR)

    return lower


def _all(byte: int) -> str:
    return f"<{', '.join([f'i8 {byte}'] * 16)}>"


def _moved(u: UnitText, a: str, places: Sequence[int]) -> str:
    mask = ", ".join(f"i32 {place}" for place in places)
    return u.new(f"shufflevector {_BYTES} {a}, {_BYTES} poison, <16 x i32> <{mask}>")


def _xor(u: UnitText, a: str, *others: str) -> str:
    for b in others:
        a = u.new(f"xor {_BYTES} {a}, {b}")
    return a


def _doubled(u: UnitText, a: str) -> str:
    """Twice each byte in AES's field."""
    twice = u.new(f"shl {_BYTES} {a}, {_all(1)}")
    over = u.new(f"ashr {_BYTES} {a}, {_all(7)}")
    return _xor(u, twice, u.new(f"and {_BYTES} {over}, {_all(0x1B)}"))


def _times(u: UnitText, a: str, b: str) -> str:
    """The products of bytes in AES's field."""
    result = _ZERO
    for place in range(8):
        top = u.new(f"shl {_BYTES} {b}, {_all(7 - place)}")
        term = u.new(f"and {_BYTES} {a}, {u.new(f'ashr {_BYTES} {top}, {_all(7)}')}")
        result = _xor(u, result, term)
        a = _doubled(u, a)
    return result


def _inverse(u: UnitText, a: str) -> str:
    """The power of 254."""
    square = _times(u, a, a)
    result = square
    for _ in range(6):
        square = _times(u, square, square)
        result = _times(u, result, square)
    return result


def _turned(u: UnitText, a: str, count: int) -> str:
    """Each byte rotated to the left."""
    high = u.new(f"shl {_BYTES} {a}, {_all(count)}")
    return u.new(f"or {_BYTES} {high}, {u.new(f'lshr {_BYTES} {a}, {_all(8 - count)}')}")


def _substitute(u: UnitText, a: str) -> str:
    a = _inverse(u, _moved(u, a, [5 * place % 16 for place in range(16)]))
    return _xor(u, a, *(_turned(u, a, count) for count in range(1, 5)), _all(0x63))


def _restore(u: UnitText, a: str) -> str:
    a = _moved(u, a, [13 * place % 16 for place in range(16)])
    return _inverse(u, _xor(u, *(_turned(u, a, count) for count in (1, 3, 6)), _all(5)))


def _mix(u: UnitText, a: str) -> str:
    """Twice a byte, three times the next, and the other two of its column."""
    first, second, third = (
        _moved(u, a, [place & ~3 | place + step & 3 for place in range(16)]) for step in (1, 2, 3)
    )
    return _xor(u, _doubled(u, _xor(u, a, first)), first, second, third)


def _unmix(u: UnitText, a: str) -> str:
    """MixColumns, of each byte with 4 times its sum with that two places on."""
    opposite = _moved(u, a, [place & ~3 | place + 2 & 3 for place in range(16)])
    return _mix(u, _xor(u, a, _doubled(u, _doubled(u, _xor(u, a, opposite)))))


def _mix_on_host(u: UnitText, a: str) -> str:
    return _aes(u, "aesenc", _aes(u, "aesdeclast", a, _ZERO), _ZERO)


# -- SHA -------------------------------------------------------------------------------------------


def _words(u: UnitText, *vectors: str) -> list[str]:
    return [_cast(u, _PAIR, text, _WORDS) for text in vectors]


def _picked(u: UnitText, a: str, b: str, *places: int) -> str:
    """Words of two vectors; those of the second follow those of the first."""
    mask = ", ".join(f"i32 {place}" for place in places)
    return u.new(f"shufflevector {_WORDS} {a}, {_WORDS} {b}, <4 x i32> <{mask}>")


def _each(u: UnitText, vector: str) -> list[str]:
    return [u.new(f"extractelement {_WORDS} {vector}, i32 {place}") for place in range(4)]


def _joined(u: UnitText, words: Sequence[str]) -> str:
    vector = "poison"
    for place, word in enumerate(words):
        vector = u.new(f"insertelement {_WORDS} {vector}, i32 {word}, i32 {place}")
    return _cast(u, _WORDS, vector, _PAIR)


def _sum(u: UnitText, first: str, *others: str) -> str:
    for other in others:
        first = u.new(f"add i32 {first}, {other}")
    return first


def _left(u: UnitText, a: str, count: int) -> str:
    name = u.intrinsic("llvm.fshl.i32", "i32 @llvm.fshl.i32(i32, i32, i32)")
    return u.new(f"call i32 {name}(i32 {a}, i32 {a}, i32 {count})")


def _spread(u: UnitText, a: str, *counts: int) -> str:
    """The bits of three rotations that differ."""
    first, second, third = (_left(u, a, count) for count in counts)
    return u.new(f"xor i32 {u.new(f'xor i32 {first}, {second}')}, {third}")


def _choose(u: UnitText, x: str, y: str, z: str) -> str:
    differ = u.new(f"and i32 {u.new(f'xor i32 {y}, {z}')}, {x}")
    return u.new(f"xor i32 {differ}, {z}")


def _parity(u: UnitText, x: str, y: str, z: str) -> str:
    return u.new(f"xor i32 {u.new(f'xor i32 {x}, {y}')}, {z}")


def _majority(u: UnitText, x: str, y: str, z: str) -> str:
    either = u.new(f"and i32 {u.new(f'or i32 {x}, {y}')}, {z}")
    return u.new(f"or i32 {u.new(f'and i32 {x}, {y}')}, {either}")


_FUNCTIONS = (_choose, _parity, _majority)
_ADDED = (0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC)
"""What the host adds to words by itself, with each function."""


def _sha1(u: UnitText, inst: Inst, state: str, e: str, schedule: str) -> str:
    function = int(inst.imm[0])
    words, given = _words(u, state, schedule)
    if has_feature("sha_ni"):
        return _sha1_on_host(u, function, words, e, given)
    return _sha1_plainly(u, function, words, e, given)


def _sha1_on_host(u: UnitText, function: int, state: str, e: str, schedule: str) -> str:
    added = _hidden(u, "i32", _ADDED[function])
    one = u.new(f"insertelement {_WORDS} poison, i32 {added}, i32 0")
    rest = u.new(f"sub {_WORDS} {schedule}, {_picked(u, one, 'poison', 0, 0, 0, 0)}")
    rest = _picked(u, rest, "poison", 3, 2, 1, 0)
    first = u.new(f"add i32 {u.new(f'extractelement {_WORDS} {rest}, i32 3')}, {e}")
    rest = u.new(f"insertelement {_WORDS} {rest}, i32 {first}, i32 3")
    before = _picked(u, state, "poison", 3, 2, 1, 0)
    kinds = (_WORDS, before), (_WORDS, rest), ("i8", str(function))
    after = _host(u, "sha1rnds4", _WORDS, *kinds)
    return _cast(u, _WORDS, _picked(u, after, "poison", 3, 2, 1, 0), _PAIR)


def _sha1_plainly(u: UnitText, function: int, state: str, e: str, schedule: str) -> str:
    a, b, c, d = _each(u, state)
    for word in _each(u, schedule):
        new = _sum(u, e, _left(u, a, 5), _FUNCTIONS[function](u, b, c, d), word)
        a, b, c, d, e = new, a, _left(u, b, 30), c, d
    return _joined(u, (a, b, c, d))


def _sha256(u: UnitText, inst: Inst, low: str, high: str, schedule: str) -> str:
    half = int(inst.imm[0])
    vectors = _words(u, low, high, schedule)
    if has_feature("sha_ni"):
        return _sha256_on_host(u, half, *vectors)
    return _sha256_plainly(u, half, *vectors)


def _sha256_on_host(u: UnitText, half: int, low: str, high: str, schedule: str) -> str:
    """The host has f, e, b, a in one vector and h, g, d, c in the other, the first the lowest."""

    def rounds(before: str, last: str, words: str) -> str:
        return _host(u, "sha256rnds2", _WORDS, (_WORDS, before), (_WORDS, last), (_WORDS, words))

    outer = _picked(u, low, high, 5, 4, 1, 0)
    inner = _picked(u, low, high, 7, 6, 3, 2)
    first = rounds(inner, outer, schedule)
    second = rounds(outer, first, _picked(u, schedule, "poison", 2, 3, 2, 3))
    places = (1, 0, 5, 4) if half else (3, 2, 7, 6)
    return _cast(u, _WORDS, _picked(u, second, first, *places), _PAIR)


def _sha256_plainly(u: UnitText, half: int, low: str, high: str, schedule: str) -> str:
    (a, b, c, d), (e, f, g, h) = _each(u, low), _each(u, high)
    for word in _each(u, schedule):
        new = _sum(u, h, _spread(u, e, 26, 21, 7), _choose(u, e, f, g), word)
        total = _sum(u, new, _spread(u, a, 30, 19, 10), _majority(u, a, b, c))
        a, b, c, d, e, f, g, h = total, a, b, c, _sum(u, d, new), e, f, g
    return _joined(u, (e, f, g, h) if half else (a, b, c, d))


CIPHERS: dict[Op, Lower] = {
    ops.CRC32: _remainder(ciphers.CRC32, ""),
    ops.CRC32C: _remainder(ciphers.CRC32C, "sse42.crc32.32.32"),
    ops.VCLMUL: _multiply,
    ops.VAES_SUB: _cipher(lambda u, a: _aes(u, "aesenclast", a, _ZERO), _substitute),
    ops.VAES_UNSUB: _cipher(lambda u, a: _aes(u, "aesdeclast", a, _ZERO), _restore),
    ops.VAES_MIX: _cipher(_mix_on_host, _mix),
    ops.VAES_UNMIX: _cipher(lambda u, a: _aes(u, "aesimc", a), _unmix),
    ops.VSHA1: _sha1,
    ops.VSHA256: _sha256,
}
