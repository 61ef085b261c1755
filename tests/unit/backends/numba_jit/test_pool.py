"""Pools of numbers, from which Python and the loop take: one set of words, one set of numbers."""

from hypothesis import given
from hypothesis import strategies as st
from support.block_tables import guest_tables
from support.word_functions import host_code

from backends.numba_jit import making, tables
from backends.numba_jit.pool import COUNT, END, LIMIT, Pool

LIMIT_OF_ALL = 12


has_numbers, take_number = map(host_code, (making.has_numbers, making.take_number))

STEPS = st.lists(
    st.tuples(st.sampled_from(["take", "take natively", "give back", "clear"]), st.integers(0, 9)),
    min_size=10,
    max_size=60,
)


@given(STEPS)
def test_like_a_set(steps: list[tuple[str, int]]) -> None:
    """Every number is free once, or taken once."""
    with guest_tables() as (context, shared):
        state, words = context.state.address, tables.FREE_BLOCKS
        pool = Pool(LIMIT_OF_ALL, shared.free_blocks.view, shared.control, words)
        taken: list[int] = []
        freed: list[int] = []  # those to be used again, the last one first
        fresh, mark, since = 1, pool.mark, set[int]()
        for what, n in steps:
            free = LIMIT_OF_ALL - 1 - len(taken)
            for count in (0, 1, free, free + 1):
                assert pool.has(count) == bool(has_numbers(state, words, count)) == (count <= free)
            if what == "give back" and taken:
                numbers = {taken[n % len(taken)], taken[-1]}
                pool.give_back(*numbers)
                taken = [number for number in taken if number not in numbers]
                freed += numbers
                mark, since = pool.mark, set()
            elif what == "clear" and not taken:
                pool.clear()
                freed, fresh = [], 1
                mark, since = pool.mark, set()
            elif what.startswith("take") and free:
                number = pool.take() if what == "take" else take_number(state, words)
                assert number == (freed.pop() if freed else fresh)
                fresh = max(fresh, number + 1)
                taken.append(number)
                since.add(number)
            assert sorted(pool.taken_since(mark)) == sorted(since)
            assert pool.end == fresh
            assert shared.control[(words + COUNT) // 8] == len(freed)
            assert shared.control[(words + END) // 8] == fresh
            assert shared.control[(words + LIMIT) // 8] == LIMIT_OF_ALL


def test_pools_do_not_touch_each_other() -> None:
    with guest_tables() as (context, shared):
        state = context.state.address
        blocks = Pool(4, shared.free_blocks.view, shared.control, tables.FREE_BLOCKS)
        slots = Pool(9, shared.free_slots.view, shared.control, tables.FREE_SLOTS)
        assert [take_number(state, tables.FREE_BLOCKS) for _ in range(3)] == [1, 2, 3]
        assert not has_numbers(state, tables.FREE_BLOCKS, 1)
        assert has_numbers(state, tables.FREE_SLOTS, 8)
        blocks.give_back(2)
        assert slots.take() == take_number(state, tables.FREE_SLOTS) - 1 == 1
        assert blocks.take() == 2
        assert blocks.end == 4
        assert slots.end == 3
