"""The index of translations against a plain list of blocks."""

from hypothesis import given
from hypothesis import strategies as st

from dbt.block_index import PageIndex
from dbt.interfaces import PAGE, Extent
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey, Goto

START = 3 * PAGE


def block(pc: int, mode: int = 0, size: int = 8, before: int = 0) -> Extent:
    return Extent.of(Block(BlockKey(pc, mode), [], Goto(BlockKey(0)), size, before=before))


def test_at_and_across() -> None:
    cache = PageIndex()
    cache.add(block(0x8000, size=16))
    cache.add(block(0x8000, CONDITION_PASSED, size=4))
    cache.add(block(0x8008, size=8))
    assert set(cache.at(0x8000)) == {BlockKey(0x8000), BlockKey(0x8000, CONDITION_PASSED)}
    assert cache.at(0x8004) == []
    assert cache.across(0x8000) == []
    assert cache.across(0x8004) == [BlockKey(0x8000)]
    assert set(cache.across(0x800C)) == {BlockKey(0x8000), BlockKey(0x8008)}
    assert cache.across(0x8010) == []


def test_a_block_is_on_every_page_that_it_depends_on() -> None:
    cache = PageIndex()
    crossing = block(2 * PAGE - 2, size=4)
    looking_back = block(2 * PAGE, size=4, before=4)
    assert crossing.pages == looking_back.pages == range(1, 3)
    cache.add(crossing)
    cache.add(looking_back)
    assert set(cache.on_page(1)) == set(cache.on_page(2)) == {crossing.key, looking_back.key}
    assert cache.across(2 * PAGE) == [crossing.key]
    cache.remove([crossing.key, looking_back.key])
    assert cache.pages() == []


def test_removing_the_last_block_forgets_the_page() -> None:
    cache = PageIndex()
    cache.add(block(0x8000))
    cache.remove([BlockKey(0x8000), BlockKey(0x9000)])
    assert cache.pages() == []
    assert len(cache) == 0
    assert list(cache) == []


places = st.tuples(st.integers(0, 3 * PAGE // 4 - 1), st.sampled_from([0, CONDITION_PASSED]))


@given(st.lists(st.tuples(st.booleans(), places, st.integers(1, 16))))
def test_like_a_list(steps: list[tuple[bool, tuple[int, int], int]]) -> None:
    cache, plain = PageIndex(), dict[BlockKey, int]()
    for adding, (word, mode), insns in steps:
        key = BlockKey(START + 4 * word, mode)
        size = min(4 * insns, PAGE - key.pc % PAGE)
        if adding:
            cache.add(block(key.pc, mode, size))
            plain[key] = size
        else:
            cache.remove([key])
            plain.pop(key, None)
        assert len(cache) == len(plain)
        assert set(cache) == plain.keys()
        assert (key in cache) == adding
        assert set(cache.pages()) == {other.pc // PAGE for other in plain}
        for page in cache.pages():
            assert set(cache.on_page(page)) == {k for k in plain if k.pc // PAGE == page}
        pc = key.pc + 4
        inside = {k for k in plain if k.pc < pc < k.pc + plain[k]}
        assert set(cache.across(pc)) == inside
