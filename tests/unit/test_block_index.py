"""The indexes of translations against a plain list of blocks."""

from collections.abc import Callable, Iterable, Iterator

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.block_tables import TableIndex, tables

from dbt.block_index import PageIndex
from dbt.interfaces import PAGE, BlockIndex, Extent
from dbt.ir.block import CONDITION_PASSED, FRONTEND_MODE_SHIFT, Block, BlockKey, Goto

START = 3 * PAGE
ODD = 1 << FRONTEND_MODE_SHIFT
"""A mode of the frontend's, for which there are locations, too."""


def block(pc: int, mode: int = 0, size: int = 8, before: int = 0) -> Extent:
    return Extent.of(Block(BlockKey(pc, mode), [], Goto(BlockKey(0)), size, before=before))


@attrs.frozen
class Index:
    """An index, and how blocks are added to it and removed from it."""

    found: BlockIndex
    add: Callable[[Extent], object]
    remove: Callable[[Iterable[BlockKey]], None]


@pytest.fixture(params=["pages", "table"])
def index(request: pytest.FixtureRequest) -> Iterator[Index]:
    if request.param == "pages":
        plain = PageIndex()
        yield Index(plain, plain.add, plain.remove)
        return
    with tables() as shared:
        table = TableIndex(shared)
        yield Index(table, table.enter, table.drop)
        table.close()


def test_at_and_across(index: Index) -> None:
    index.add(block(0x8000, size=16))
    index.add(block(0x8000, CONDITION_PASSED, size=4))
    index.add(block(0x8008, size=8))
    found = index.found
    assert set(found.at(0x8000)) == {BlockKey(0x8000), BlockKey(0x8000, CONDITION_PASSED)}
    assert found.at(0x8004) == []
    assert found.across(0x8000) == []
    assert found.across(0x8004) == [BlockKey(0x8000)]
    assert set(found.across(0x800C)) == {BlockKey(0x8000), BlockKey(0x8008)}
    assert found.across(0x8010) == []


def test_a_block_is_on_every_page_that_it_depends_on(index: Index) -> None:
    crossing = block(2 * PAGE - 2, size=4)
    looking_back = block(2 * PAGE, size=4, before=4)
    assert crossing.pages == looking_back.pages == range(1, 3)
    index.add(crossing)
    index.add(looking_back)
    found = index.found
    assert set(found.on_page(1)) == set(found.on_page(2)) == {crossing.key, looking_back.key}
    assert found.across(2 * PAGE) == [crossing.key]
    index.remove([crossing.key, looking_back.key])
    assert found.pages() == []


def test_removing_the_last_block_forgets_the_page(index: Index) -> None:
    index.add(block(0x8000))
    index.remove([BlockKey(0x8000), BlockKey(0x9000)])
    assert index.found.pages() == []
    assert len(index.found) == 0
    assert list(index.found) == []


def test_the_last_page(index: Index) -> None:
    last = block((1 << 32) - 8, mode=ODD, size=8)
    index.add(last)
    assert index.found.pages() == [(1 << 20) - 1]
    assert index.found.on_page((1 << 20) - 1) == index.found.at(last.key.pc) == [last.key]
    assert index.found.across((1 << 32) - 4) == [last.key]


PLACES = st.integers(0, 3 * PAGE // 4 - 1).map(lambda word: START + 4 * word)
EDGES = st.sampled_from([START + PAGE * page + 4 * word for page in (1, 2) for word in (-1, 0)])
MODES = st.sampled_from([0, CONDITION_PASSED, ODD, ODD | CONDITION_PASSED, (1 << 30) - ODD])
EXTENTS = st.builds(
    block, PLACES | EDGES, MODES, st.integers(1, 16).map(lambda n: 4 * n), st.sampled_from([0, 4])
)
STEPS = st.lists(st.tuples(st.booleans(), EXTENTS))


def described(found: BlockIndex, pcs: Iterable[int]) -> dict[str, object]:
    """All that an index says of some pcs and the pages around them."""
    return {
        "length": len(found),
        "keys": set(found),
        "each": len(list(found)),
        "pages": sorted(found.pages()),
        "on_page": {page: set(found.on_page(page)) for page in range(START // PAGE - 1, 8)},
        "at": {pc: set(found.at(pc)) for pc in pcs},
        "across": {pc: set(found.across(pc)) for pc in pcs},
    }


def as_described(plain: dict[BlockKey, Extent], pcs: Iterable[int]) -> dict[str, object]:
    """The same of a plain dict of extents by key."""
    keys = plain.keys()
    return {
        "length": len(plain),
        "keys": set(keys),
        "each": len(plain),
        "pages": sorted({page for extent in plain.values() for page in extent.pages}),
        "on_page": {
            page: {key for key in keys if page in plain[key].pages}
            for page in range(START // PAGE - 1, 8)
        },
        "at": {pc: {key for key in keys if key.pc == pc} for pc in pcs},
        "across": {
            pc: {key for key in keys if key.pc < pc < key.pc + plain[key].size} for pc in pcs
        },
    }


@given(STEPS)
def test_like_a_dict(steps: list[tuple[bool, Extent]]) -> None:
    pages, plain = PageIndex(), dict[BlockKey, Extent]()
    pcs = {extent.key.pc + offset for _, extent in steps for offset in (0, 4, PAGE)}
    with tables() as shared:
        table = TableIndex(shared)
        for adding, extent in steps:
            key = extent.key
            if adding:
                plain[key] = extent
                pages.add(extent)
                block_id = table.enter(extent)
                assert table.get(key) == block_id
                assert table.extent(block_id) == attrs.evolve(extent, insn_count=0, targets=())
            else:
                plain.pop(key, None)
                pages.remove([key])
                table.drop([key])
            assert (key in table) == (key in pages) == adding
            expected = as_described(plain, pcs)
            assert described(pages, pcs) == expected
            assert described(table, pcs) == expected
        table.close()


def test_ids_and_what_is_kept_of_a_copied_block() -> None:
    with tables() as shared:
        table = TableIndex(shared)
        key = BlockKey(0x8000, ODD)
        extent = Extent(key, 4 * 64, 4, 63, targets=())
        block_id = table.enter(extent, count=64, slots=(5, (1 << 23) - 1))
        table.set_code(block_id, 0x7FFF_1234_5678, 0x7FFF_1234_6000, -1 << 63 | 0b1011)
        assert [table.place(block_id, index) for index in range(4)] == [0, 1, 3, 63]
        assert table.extent(block_id) == extent
        assert table.count(block_id) == 64
        assert table.slots(block_id) == (5, (1 << 23) - 1)
        assert table.code(block_id) == (0x7FFF_1234_5678, 0x7FFF_1234_6000)
        table.drop([key])
        again = table.enter(block(0x9000))
        assert again == block_id
        assert table.slots(again) == ()
        assert table.code(again) == (0, 0)
        assert list(table.ids()) == [again]
        table.close()
