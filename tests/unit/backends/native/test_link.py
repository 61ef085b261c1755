"""The linker and the memory it links into."""

import ctypes
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.native.arena import CHUNK, Arena
from backends.native.link import LinkError, link
from backends.numba_jit.units.objects import ObjectMaker

# A jump table, a vector constant, a call between functions, an address in data.
TEXT = """
define i64 @first(i64 %a) nounwind {
 switch i64 %a, label %other [
  i64 0, label %zero  i64 1, label %one  i64 2, label %two  i64 3, label %three  i64 4, label %four
 ]
zero:
 ret i64 100
one:
 ret i64 -7
two:
 %v = call i64 @second(i64 %a)
 ret i64 %v
three:
 ret i64 19
four:
 ret i64 ptrtoint (ptr @second to i64)
other:
 %w = load volatile i64, ptr @table
 ret i64 %w
}
define dso_local i64 @second(i64 %a) noinline nounwind {
 %p = alloca <2 x i64>
 store volatile <2 x i64> <i64 11, i64 22>, ptr %p
 %q = getelementptr i64, ptr %p, i64 1
 %v = load i64, ptr %q
 %r = add i64 %v, %a
 ret i64 %r
}
@table = private constant i64 55
"""


@pytest.fixture(scope="module")
def image() -> bytes:
    return ObjectMaker().compile(TEXT, "optimised")


def call(address: int, argument: int) -> int:
    return int(ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(argument))


def test_linked_code_runs(image: bytes) -> None:
    arena = Arena()
    for _ in range(3):
        library = link(image, arena)
        first, second = library.address("first"), library.address("second")
        results = [call(first, argument) for argument in range(6)]
        assert results == [100, -7, 24, 19, second, 55]


def test_functions_lie_side_by_side_in_the_whole(image: bytes) -> None:
    library = link(image, Arena())
    start, size = library.span
    ranges = sorted((library.address(name), n) for name, n in library.sizes.items())
    assert library.sizes.keys() == library.addresses.keys() >= {"first", "second"}
    assert all(n > 0 for _, n in ranges)
    for (address, n), after in zip(
        ranges, [*(a for a, _ in ranges[1:]), start + size], strict=True
    ):
        assert start <= address
        assert address + n <= after


def test_dropped_code_leaves_nothing(image: bytes) -> None:
    arena = Arena()
    kept = link(image, arena).address("first")
    addresses = set()
    for _ in range(50):
        library = link(image, arena)
        addresses.add(library.address("first"))
        library.close()
        library.close()
    assert len(addresses) == 1
    assert kept not in addresses


def test_code_is_not_writable_while_it_runs(image: bytes) -> None:
    arena = Arena()
    address = link(image, arena).address("first")
    with open("/proc/self/maps") as file:
        rows = [line.split()[:2] for line in file]
    (permissions,) = [
        bits
        for span, bits in rows
        if int(span.split("-")[0], 16) <= address < int(span.split("-")[1], 16)
    ]
    assert permissions == "r-xp"


def test_an_undefined_symbol_is_named() -> None:
    text = "declare i64 @elsewhere(i64)\ndefine i64 @f(i64 %a) { %r = call i64 @elsewhere(i64 %a) ret i64 %r }"
    with pytest.raises(LinkError, match="symbol elsewhere is not defined"):
        link(ObjectMaker().compile(text, "quick"), Arena())


def test_functions_of_the_host_are_called() -> None:
    text = (
        "declare i64 @labs(i64)\ndefine i64 @f(i64 %a) { %r = call i64 @labs(i64 %a) ret i64 %r }"
    )
    arena = Arena()
    assert call(link(ObjectMaker().compile(text, "quick"), arena).address("f"), -5) == 5


def test_variables_are_refused() -> None:
    text = "@v = global i64 5\ndefine ptr @f() { ret ptr @v }"
    with pytest.raises(LinkError, match="is writable"):
        link(ObjectMaker().compile(text, "quick"), Arena())


def test_other_machines_are_refused(image: bytes) -> None:
    with pytest.raises(LinkError, match="x86-64"):
        link(image[:18] + struct.pack("<H", 183) + image[20:], Arena())


@given(st.data())
def test_damaged_objects_are_refused_or_linked(image: bytes, data: st.DataObject) -> None:
    damaged = bytearray(image[: data.draw(st.integers(0, len(image)))])
    for _ in range(data.draw(st.integers(0, 8)) if damaged else 0):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    arena = Arena()
    try:
        link(bytes(damaged), arena)
    except (LinkError, MemoryError):
        pass
    finally:
        arena.close()


@given(st.lists(st.integers(1, 3 * CHUNK // 2), max_size=12), st.randoms())
def test_pieces_do_not_overlap_and_join_when_freed(sizes: list[int], random: object) -> None:
    arena = Arena()
    pieces = [(arena.allocate(size), size) for size in sizes]
    ordered = sorted(pieces)
    assert all(a + size <= b for (a, size), (b, _) in pairwise(ordered))
    random.shuffle(pieces)  # type: ignore[attr-defined]
    for piece in pieces:
        arena.free(*piece)
    largest = max((size for _, size in arena._free), default=0)
    assert largest == sum(size for _, size in arena._chunks) or len(arena._chunks) > 1
    arena.close()
    arena.close()
