"""The definitions of ciphers, digests and checksums against Python's own and against FIPS 197."""

import hashlib
import zlib
from random import Random

from dbt.ir import ciphers

CONSTANTS = (0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6)
MESSAGE = b"abc\x80".ljust(63, b"\0") + b"\x18"
WORDS = [int.from_bytes(MESSAGE[at : at + 4], "big") for at in range(0, 64, 4)]


def _vector(words: list[int]) -> int:
    return sum((word & 0xFFFFFFFF) << 32 * place for place, word in enumerate(words))


def _words(vector: int) -> list[int]:
    return [vector >> at & 0xFFFFFFFF for at in range(0, 128, 32)]


def _left(word: int, count: int) -> int:
    return (word << count | word >> 32 - count) & 0xFFFFFFFF


def test_sha1() -> None:
    schedule = list(WORDS)
    while len(schedule) < 80:
        schedule.append(_left(schedule[-3] ^ schedule[-8] ^ schedule[-14] ^ schedule[-16], 1))
    start = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    first, e = _vector(start), 0xC3D2E1F0
    state = first
    for group in range(20):
        words = [schedule[4 * group + n] + CONSTANTS[group // 5] for n in range(4)]
        function = (0, 1, 2, 1)[group // 5]
        after = ciphers.sha1(function, state, e, _vector(words))
        state, e = after, _left(_words(state)[0], 30)
    sums = [*(a + b for a, b in zip(start, _words(state), strict=True)), 0xC3D2E1F0 + e]
    found = b"".join((word & 0xFFFFFFFF).to_bytes(4, "big") for word in sums)
    assert found == hashlib.sha1(b"abc").digest()


def test_four_rounds_of_sha256() -> None:
    """From the example of FIPS 180-2, B.1: the state after the rounds 0 to 3 of "abc"."""
    low = _vector([0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A])
    high = _vector([0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19])
    constants = [0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5]
    words = _vector([a + b for a, b in zip(WORDS, constants, strict=False)])
    assert _words(ciphers.sha256(0, low, high, words)) == [
        0xD550F666, 0xC8C347A7, 0x5A6AD9AD, 0x5D6AEBCD,
    ]  # fmt: skip
    assert _words(ciphers.sha256(1, low, high, words))[3] == 0xFA2A4622


def test_aes_of_fips_197() -> None:
    """Appendix B: the first round, from the start of the round to the columns mixed."""
    start = int.from_bytes(bytes.fromhex("193de3bea0f4e22b9ac68d2ae9f84808"), "little")
    shifted = int.from_bytes(bytes.fromhex("d4bf5d30e0b452aeb84111f11e2798e5"), "little")
    mixed = int.from_bytes(bytes.fromhex("046681e5e0cb199a48f8d37a2806264c"), "little")
    assert ciphers.aes_substitute(start) == shifted
    assert ciphers.aes_mix(shifted) == mixed
    assert ciphers.aes_restore(shifted) == start
    assert ciphers.aes_unmix(mixed) == shifted


def test_checksums_and_products() -> None:
    random = Random(0)
    for _ in range(20):
        data = random.randbytes(4)
        rest = ciphers.remainder(~int.from_bytes(data, "little") & 0xFFFFFFFF, ciphers.CRC32)
        assert ~rest & 0xFFFFFFFF == zlib.crc32(data)
    assert ciphers.product(0b101, 0b11) == 0b1111
